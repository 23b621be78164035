/** @file The leaves of an open checkpoint by path. */
import { type Path, pathKey } from "@nnxjs/nnx-core";
import { damaged, shownKey } from "../format/header.ts";
import type { TensorEntry } from "../format/header-text.ts";
import { pathOfKey } from "../format/keys.ts";
import { type LeafDescription, tensorKeysOf } from "../values/description.ts";
import { innerKey } from "../values/encode.ts";
import type { OpenFiles } from "./open-files.ts";
import type { TensorFile } from "./tensor-file.ts";

/** A leaf that is in a file. */
export interface FileLeaf {
  readonly key: string;
  readonly path: Path;
  readonly description: LeafDescription;
  /** Which file has its tensors. */
  readonly file: TensorFile;
  readonly tensorKeys: readonly string[];
}

/** The tensor of a leaf that is one; `undefined` for data and trees. */
export const entryOf = ({ key, file }: FileLeaf): TensorEntry | undefined => file.header.tensors.get(key);

/** The leaves by what paths are compared by. */
export function leavesOf({ name, files, fileOf }: OpenFiles): ReadonlyMap<string, FileLeaf> {
  const found = new Map<string, FileLeaf>();
  const add = (path: Path, leaf: Omit<FileLeaf, "path">): void => {
    const at = pathKey(path);
    const other = found.get(at);
    if (other)
      throw damaged(name, `one leaf at ${shownKey(leaf.key)}`, `another one, ${shownKey(other.key)}`);
    found.set(at, { ...leaf, path });
  };
  for (const file of files) {
    if (file.own) {
      for (const [key, description] of file.own.leaves) {
        const path = pathOfKey(key);
        if (!path) throw damaged(`${name} at ${shownKey(key)}`, "a key that paths are written as", "another");
        add(path, { key, description, file, tensorKeys: tensorKeysOf(key, description, innerKey) });
      }
      continue;
    }
    for (const key of file.header.tensors.keys()) {
      if (fileOf && fileOf.get(key) !== file) continue;
      // Keys of others are whatever they are: one that is no path of ours is one name.
      add(pathOfKey(key) ?? [key], { key, description: {}, file, tensorKeys: [key] });
    }
  }
  return found;
}
