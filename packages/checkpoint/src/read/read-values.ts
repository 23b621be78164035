/** @file The values of leaves, read from the files that have them. */
import type { TensorEntry } from "../format/header-text.ts";
import { decodeLeaf } from "../values/decode.ts";
import type { LeafKind } from "../values/description.ts";
import { innerKey } from "../values/encode.ts";
import { discard, readTensors, type Received, type Wanted } from "../values/read.ts";
import type { FileLeaf } from "./file-leaves.ts";
import type { TensorFile } from "./tensor-file.ts";

/** A leaf that is asked for, and what it shall be. */
export interface Asked {
  readonly leaf: FileLeaf;
  readonly kind: LeafKind;
}

/** The entry of a tensor that the header is known to have. */
export const tensorAt = ({ header }: TensorFile, key: string): TensorEntry =>
  header.tensors.get(key) as TensorEntry;

/** What is read for a leaf: tensors as tensors, everything else as bytes. */
function wantedFor({ leaf, kind }: Asked): Wanted[] {
  const { description, file, tensorKeys } = leaf;
  const kinds = new Map(
    description.kind === "tree"
      ? (description.parts ?? []).map((part) => [innerKey(leaf.key, part.path), part.kind])
      : [[leaf.key, kind]],
  );
  return tensorKeys.map((key) => ({
    key,
    entry: tensorAt(file, key),
    crc: file.own?.crcs.get(key),
    as: kinds.get(key) === "tensor" ? "tensor" : "bytes",
  }));
}

/**
 * The values, in order. Tensors in them are the caller's. All or none: when something fails, nothing
 * of it stays.
 */
export async function readValues(asked: readonly Asked[]): Promise<unknown[]> {
  const byFile = new Map<TensorFile, Wanted[]>();
  for (const each of asked) {
    const { file } = each.leaf;
    const wanted = byFile.get(file) ?? [];
    wanted.push(...wantedFor(each));
    byFile.set(file, wanted);
  }
  const received = new Map<TensorFile, Map<string, Received>>();
  try {
    for (const [file, wanted] of byFile) {
      const into = new Map<string, Received>();
      received.set(file, into);
      await readTensors(file.reading, file.header.dataStart, wanted, into);
    }
    return asked.map(({ leaf, kind }) =>
      decodeLeaf(leaf.file.reading.name, leaf.key, kind, leaf.description, (key) => ({
        form: tensorAt(leaf.file, key),
        received: received.get(leaf.file)?.get(key) as Received,
      })),
    );
  } catch (error) {
    for (const each of received.values()) discard(each.values());
    throw error;
  }
}
