/** @file An open checkpoint: what is in it, and single leaves of it, without reading the rest. */
import {
  dispose,
  type Filter,
  formatPath,
  type GraphDefJson,
  NotFoundError,
  type OwnedState,
  type Path,
  pathKey,
  type StateLeaf,
  toPredicate,
  unflattenState,
} from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { CheckpointError } from "../errors.ts";
import { bytesOf, type FileDtype, formText } from "../format/dtypes.ts";
import { shownKey } from "../format/header.ts";
import { pathOfKey } from "../format/keys.ts";
import { names, prefix } from "../format/metadata.ts";
import type { Bytes } from "../storage/storage.ts";
import type { LeafKind } from "../values/description.ts";
import { isNumeric } from "../values/numbers.ts";
import { isTensorDtype, readTensors, type Received } from "../values/read.ts";
import { entryOf, type FileLeaf, leavesOf } from "./file-leaves.ts";
import { type CheckpointSource, type OpenFiles, openFiles } from "./open-files.ts";
import { frameOf, withoutValue } from "./frame.ts";
import { type Asked, readValues, tensorAt } from "./read-values.ts";
import { parseJson } from "./tensor-file.ts";

/** What a checkpoint says of a leaf, without reading it. */
export interface LeafInfo {
  readonly path: Path;
  /** What it was when it was saved; of files of others, which do not say, what its dtype suggests. */
  readonly kind: LeafKind;
  /** The registered name of its Variable's class; `undefined` for arrays without a Variable. */
  readonly type: string | undefined;
  /** Of leaves that are one tensor in the file. */
  readonly dtype: FileDtype | undefined;
  readonly shape: readonly number[] | undefined;
  /** How many bytes its tensors have in the file. */
  readonly bytes: number;
}

/** What files of others do not say. */
export function kindOf(leaf: FileLeaf): LeafKind {
  const { kind } = leaf.description;
  if (kind !== undefined) return kind;
  const { dtype } = entryOf(leaf) as { readonly dtype: FileDtype };
  return isTensorDtype(dtype) || !isNumeric(dtype) ? "tensor" : "number";
}

/** What stands behind a {@link Checkpoint}. */
export interface Inside {
  readonly open: OpenFiles;
  readonly leaves: ReadonlyMap<string, FileLeaf>;
  isOpen: boolean;
}

const insides = new WeakMap<Checkpoint, Inside>();

/** The way to make one, for {@link open} alone. */
let make: (inside: Inside) => Checkpoint;

/** What a checkpoint has, for `restore`. */
export const insideOf = (checkpoint: Checkpoint): Inside => insides.get(checkpoint) as Inside;

/** The same, for whoever reads values. @throws CheckpointError for one that was closed. */
export function openInside(where: string, checkpoint: Checkpoint): Inside {
  const inside = insideOf(checkpoint);
  if (inside.isOpen) return inside;
  throw new CheckpointError(
    `${where}: expected an open checkpoint, got ${checkpoint.name}, which was closed. Open it again.`,
  );
}

/**
 * A checkpoint that is open for reading. Only its header was read; what is asked for is read when it
 * is asked for, and held against its checksum. Close it after its last use.
 *
 * Made by {@link open}.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const checkpoint = await nnx.open(await nnx.toBytes(model));
 * checkpoint.info("kernel").dtype; // => "F32"
 * const state = await checkpoint.state(nnx.pathContains("bias")); // reads the bias alone
 * Object.keys(state); // => ["bias"]
 * await checkpoint.close();
 * nnx.dispose(state);
 * ```
 */
export class Checkpoint {
  /** Where it is. */
  readonly name: string;
  /** What was given as `metadata` when it was saved; of files of others, their `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;

  static {
    make = (inside) => new Checkpoint(inside);
  }

  private constructor(inside: Inside) {
    const { open: opened } = inside;
    this.name = opened.name;
    const entries = opened.files.flatMap(({ header }) => [...header.metadata]);
    this.metadata = Object.freeze(Object.fromEntries(entries.filter(([name]) => !name.startsWith(prefix))));
    insides.set(this, inside);
  }

  /** The paths of the leaves as the file writes them, such as `model.layers.0.kernel`. */
  keys(): string[] {
    return [...insideOf(this).leaves.values()].map(({ key }) => key);
  }

  /**
   * What the file says of a leaf.
   * @param path - As in a State, or a key of {@link Checkpoint.keys}.
   * @throws NotFoundError for a leaf that is not there.
   */
  info(path: Path | string): LeafInfo {
    const leaf = leafAt("Checkpoint.info", this, path);
    const { file, tensorKeys, description } = leaf;
    const entry = entryOf(leaf);
    return {
      path: leaf.path,
      kind: kindOf(leaf),
      type: description.type,
      dtype: entry?.dtype,
      shape: entry?.shape,
      bytes: tensorKeys.reduce((sum, key) => sum + bytesOf(tensorAt(file, key)), 0),
    };
  }

  /**
   * The value of one leaf: a tensor (yours to dispose), a key, a number, or what else was saved.
   * Nothing else of the file is read.
   * @param path - As in a State, or a key of {@link Checkpoint.keys}.
   * @throws NotFoundError for a leaf that is not there; CheckpointError when its data is damaged, or
   * of a dtype that tensorflow.js does not have.
   */
  async read(path: Path | string): Promise<unknown> {
    openInside("Checkpoint.read", this);
    const leaf = leafAt("Checkpoint.read", this, path);
    const [value] = await readValues([{ leaf, kind: kindOf(leaf) }]);
    return value;
  }

  /**
   * The bytes of a leaf that is one tensor in the file, of whatever dtype: little-endian, row by
   * row.
   * @param path - As in a State, or a key of {@link Checkpoint.keys}.
   * @throws NotFoundError for a leaf that is not there; CheckpointError when it is damaged, or
   * several tensors or none.
   */
  async readBytes(path: Path | string): Promise<Bytes> {
    openInside("Checkpoint.readBytes", this);
    const leaf = leafAt("Checkpoint.readBytes", this, path);
    const { key, file } = leaf;
    const entry = entryOf(leaf);
    if (!entry)
      throw new CheckpointError(
        `Checkpoint.readBytes at ${formatPath(leaf.path)}: expected a leaf that is one tensor, got ${leaf.tensorKeys.length} of them. Use read.`,
      );
    const into = new Map<string, Received>();
    const crc = file.own?.crcs.get(key);
    await readTensors(file.reading, file.header.dataStart, [{ key, entry, crc, as: "bytes" }], into);
    return into.get(key) as Bytes;
  }

  /**
   * All leaves, or those that a filter matches, as a State: yours to dispose.
   * @param filter - Sees types and metadata as the file has them, but no values.
   * @throws NotFoundError for a Variable class whose name is not registered; CheckpointError for
   * damaged data.
   */
  async state(filter: Filter = true): Promise<OwnedState> {
    const isWanted = toPredicate(filter);
    const { leaves } = openInside("Checkpoint.state", this);
    const asked: Asked[] = [];
    const frames: ((value: unknown) => StateLeaf)[] = [];
    for (const leaf of leaves.values()) {
      if (!isWanted(leaf.path, withoutValue(leaf))) continue;
      checkHasState(leaf);
      asked.push({ leaf, kind: kindOf(leaf) });
      frames.push(frameOf("Checkpoint.state", leaf));
    }
    const values = await readValues(asked);
    try {
      return unflattenState(asked.map(({ leaf }, i) => [leaf.path, frames[i]!(values[i])]));
    } catch (error) {
      // Such as of a file of others in which one name is another one's beginning.
      dispose(values);
      throw error;
    }
  }

  /**
   * The definition of what was saved, for `graphDefFromJson`: with it the model is made again
   * without its constructors. It is there when a model was saved, not a State, and everything
   * static in it can be written.
   * @throws NotFoundError that says why there is none.
   */
  graphdefJson(): GraphDefJson {
    const { open: opened } = insideOf(this);
    const find = (name: string): string | undefined =>
      opened.files
        .map(({ header, own }) => own && header.metadata.get(name))
        .find((text) => text !== undefined);
    const text = find(names.graphdef);
    if (text === undefined) {
      const why = find(names.noGraphdef);
      throw new NotFoundError(
        `Checkpoint.graphdefJson: expected a definition in ${this.name}, got none. ` +
          (why === undefined
            ? "Save a model, not a State or a file of another library."
            : `When it was saved: ${why}`),
      );
    }
    return parseJson(this.name, names.graphdef, text) as GraphDefJson;
  }

  /** Lets go of the files. Twice is harmless. */
  async close(): Promise<void> {
    insideOf(this).isOpen = false;
    await Promise.all(insideOf(this).open.files.map(({ reading }) => reading.close()));
  }
}

/**
 * Opens a checkpoint, or any safetensors file or index: reads and checks the header, and nothing
 * else.
 * @throws NotFoundError when nothing is there, CheckpointError for what is no such file, or is
 * damaged.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const checkpoint = await nnx.open(await nnx.toBytes(model));
 * checkpoint.keys(); // => ["bias", "kernel"]
 * checkpoint.info("kernel").shape; // => [4, 3]
 * const kernel = await checkpoint.read("kernel");
 * await checkpoint.close();
 * ```
 */
export async function open(source: CheckpointSource): Promise<Checkpoint> {
  const opened = await openFiles("open", source);
  try {
    return make({ open: opened, leaves: leavesOf(opened), isOpen: true });
  } catch (error) {
    await Promise.all(opened.files.map(({ reading }) => reading.close()));
    throw error;
  }
}

/** @throws CheckpointError for numbers of a file of others that no tensor of tensorflow.js holds. */
function checkHasState(leaf: FileLeaf): void {
  const { type } = leaf.description;
  if (type !== undefined || kindOf(leaf) !== "number") return;
  const form = formText(tensorAt(leaf.file, leaf.key));
  throw new CheckpointError(
    `${leaf.file.reading.name} at ${shownKey(leaf.key)}: expected F32, I32, BOOL or C64, which tensorflow.js has tensors of, got ${form}. ` +
      "Read it alone, with read or readBytes of what open returns, and leave it out of the State with a filter.",
  );
}

function leafAt(where: string, checkpoint: Checkpoint, path: Path | string): FileLeaf {
  const { leaves } = insideOf(checkpoint);
  const parsed = typeof path === "string" ? (pathOfKey(path) ?? [path]) : path;
  const leaf = Array.isArray(parsed) ? leaves.get(pathKey(parsed as Path)) : undefined;
  if (leaf) return leaf;
  throw new NotFoundError(
    `${where}: expected the path of one of the ${leaves.size} leaves of ${checkpoint.name}, got ` +
      `${typeof path === "string" ? JSON.stringify(path) : describe(path)}. Look at keys().`,
  );
}
