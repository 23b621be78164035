/** @file Saving, all or nothing. */
import { checkOptions, describe, isPlainObject } from "@nnxjs/nnx-core/internal";
import { StructureError } from "@nnxjs/nnx-core";
import { CheckpointError } from "../errors.ts";
import { names, prefix } from "../format/metadata.ts";
import { isWellFormed } from "../format/text.ts";
import { writingToBytes } from "../storage/memory.ts";
import { inTurn } from "../storage/in-turn.ts";
import { type Bytes, isStorageFile, type StorageFile } from "../storage/storage.ts";
import { collect } from "./collect.ts";
import { removeShards, saveShards } from "./save-shards.ts";
import { bytesOfLeaf, PlannedFile, writeWhole } from "./write-file.ts";

/** Options of {@link save}. */
export interface SaveOptions {
  /**
   * The most bytes of tensors in one file: more become several files and an index. Tensors of one
   * leaf stay together. @defaultValue one file, however large
   */
  maxShardBytes?: number;
  /** Texts by name, for whatever a program wants to know of a checkpoint. @defaultValue none */
  metadata?: Readonly<Record<string, string>>;
}

/** Options of {@link toBytes}. */
export type ToBytesOptions = Pick<SaveOptions, "metadata">;

/** What only this package writes: of a `Checkpointer`. */
export interface OwnMetadata {
  readonly step: number;
  readonly metrics: string | undefined;
}

/**
 * Saves the values of a model as a safetensors file, keyed by path. What is saved is the model as
 * it is now: it may be trained on while the file is written. A whole checkpoint is there at every
 * moment, the old one or the new one. Several saves to one name take turns: the last one stays.
 * @param what - A model, an optimizer, Rngs, a State; or a record, array or Map of these, whose
 * names begin the paths. What is shared is saved once, under its first path.
 * @param target - What `file(path)` of `@nnxjs/checkpoint/node`, `opfs(path)` or `indexedDb(name)`
 * returned.
 * @throws StructureError for values that no file can hold, with the path; what the storage throws.
 * Whatever was there before is as it was then.
 * @see Flax's guide on checkpointing, orbax `PyTreeCheckpointer.save`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import * as nnx from "@nnxjs/nnx";
 * import { file } from "@nnxjs/checkpoint/node";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.adam(1e-3));
 * const folder = mkdtempSync(`${tmpdir()}/run-`);
 * await nnx.save({ model, optimizer }, file(`${folder}/last.safetensors`));
 * await nnx.restore({ model, optimizer }, file(`${folder}/last.safetensors`));
 * ```
 */
export async function save(what: unknown, target: StorageFile, options: SaveOptions = {}): Promise<void> {
  checkOptions<SaveOptions>("save", options, { maxShardBytes: true, metadata: true });
  await snapshot("save", what, target, options, undefined).write();
}

/** What a model was when it was taken: to be written, or to be let go. */
export interface Snapshot {
  /** Writes it and lets go of it. */
  write(): Promise<void>;
  release(): void;
}

/** What {@link save} begins with, for whoever has checked the options. */
export function snapshot(
  where: string,
  what: unknown,
  target: StorageFile,
  { maxShardBytes, metadata }: SaveOptions,
  own: OwnMetadata | undefined,
): Snapshot {
  if (!isStorageFile(target)) {
    throw new CheckpointError(
      `${where}: expected a place to write to, got ${describe(target)}. Pass what file of @nnxjs/checkpoint/node, opfs or indexedDb returned.`,
    );
  }
  if (maxShardBytes !== undefined && !(Number.isSafeInteger(maxShardBytes) && maxShardBytes > 0)) {
    throw new CheckpointError(
      `${where}: expected maxShardBytes to be a positive integer, got ${describe(maxShardBytes)}. It is a number of bytes.`,
    );
  }
  const more = metadataFrom(where, metadata, own);
  const collected = collect(where, what);
  const { folder, file } = target;
  const write = async (): Promise<void> => {
    const all = new Map([...collected.metadata, ...more]);
    const bytes = collected.leaves.reduce((sum, leaf) => sum + bytesOfLeaf(leaf), 0);
    if (maxShardBytes !== undefined && bytes > maxShardBytes)
      await saveShards(where, target, collected.leaves, all, maxShardBytes);
    else {
      await writeWhole(folder, file, new PlannedFile(where, collected.leaves, all));
      await removeShards(target);
    }
  };
  return {
    write: () => inTurn(target, write).finally(() => collected.release()),
    release: () => collected.release(),
  };
}

/**
 * The file that {@link save} writes, as bytes: to send, to keep in a Blob, to hand to another
 * library. `restore`, `open` and `fromBytes` take them.
 * @param what - A model, a State, or a plain object of these, as for {@link save}.
 * @throws StructureError for values that no file can hold, with the path.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const bytes = await nnx.toBytes(model);
 * await nnx.restore(model, bytes);
 * ```
 */
export async function toBytes(what: unknown, options: ToBytesOptions = {}): Promise<Bytes> {
  checkOptions<ToBytesOptions>("toBytes", options, { metadata: true });
  const more = metadataFrom("toBytes", options.metadata, undefined);
  const collected = collect("toBytes", what);
  try {
    const planned = new PlannedFile("toBytes", collected.leaves, new Map([...collected.metadata, ...more]));
    const bytes = new Uint8Array(planned.size);
    await planned.write(writingToBytes(bytes));
    return bytes;
  } finally {
    collected.release();
  }
}

/** The user's metadata and ours, checked. */
function metadataFrom(
  where: string,
  metadata: unknown = {},
  own: OwnMetadata | undefined,
): Map<string, string> {
  if (!isPlainObject(metadata)) throw refused(where, "an object of texts", metadata);
  const all = new Map<string, string>();
  if (own) all.set(names.step, String(own.step));
  if (own?.metrics !== undefined) all.set(names.metrics, own.metrics);
  for (const [name, text] of Object.entries(metadata)) {
    if (typeof text !== "string") throw refused(where, `a text at ${name}`, text);
    if (name.startsWith(prefix)) throw refused(where, `names that do not begin with ${prefix}`, name);
    if (!isWellFormed(name) || !isWellFormed(text)) throw refused(where, "whole characters", text);
    all.set(name, text);
  }
  return all;
}

const refused = (where: string, expected: string, got: unknown): StructureError =>
  new StructureError(
    `${where}: expected metadata to have ${expected}, got ${describe(got)}. Write other things with JSON.stringify.`,
  );
