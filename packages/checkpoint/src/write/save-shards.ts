/** @file A checkpoint in several files: see "Shards" in FORMAT.md. */
import { names, version } from "../format/metadata.ts";
import { bytesOfText } from "../format/text.ts";
import { indexNameOf } from "../read/shard-index.ts";
import type { StorageFile, StorageFolder } from "../storage/storage.ts";
import type { EncodedLeaf } from "../values/encode.ts";
import { bytesOfLeaf, PlannedFile, writeWhole } from "./write-file.ts";

/** The leaves of each file, in their order. */
function groupsOf(leaves: readonly EncodedLeaf[], most: number): EncodedLeaf[][] {
  const groups: EncodedLeaf[][] = [[]];
  let used = 0;
  for (const leaf of leaves) {
    const bytes = bytesOfLeaf(leaf);
    if (used > 0 && used + bytes > most) {
      groups.push([]);
      used = 0;
    }
    groups.at(-1)!.push(leaf);
    used += bytes;
  }
  return groups;
}

/** New with each save, so that files of the save before are not touched. */
const newTag = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );

const extension = ".safetensors";

const shardName = (file: string, tag: string, i: number, count: number): string => {
  const stem = file.endsWith(extension) ? file.slice(0, -extension.length) : file;
  const number = (n: number): string => String(n).padStart(5, "0");
  return `${stem}-${tag}-${number(i + 1)}-of-${number(count)}${extension}`;
};

/** Writes the files, then the index, then removes what went before. */
export async function saveShards(
  where: string,
  target: StorageFile,
  leaves: readonly EncodedLeaf[],
  metadata: ReadonlyMap<string, string>,
  maxShardBytes: number,
): Promise<void> {
  const { folder, file } = target;
  // Leaves without tensors are in the first, wherever they stood.
  const isData = (leaf: EncodedLeaf): boolean => leaf.pieces.size === 0;
  const sorted = [...leaves.filter(isData), ...leaves.filter((leaf) => !isData(leaf))];
  const groups = groupsOf(sorted, maxShardBytes);
  const tag = newTag();
  const written = new Map<string, string>();
  const weightMap: [string, string][] = [];
  let totalBytes = 0;
  try {
    for (const [i, group] of groups.entries()) {
      const name = shardName(file, tag, i, groups.length);
      const planned = new PlannedFile(where, group, i === 0 ? metadata : new Map());
      written.set(name, "");
      written.set(name, await writeWhole(folder, name, planned));
      for (const { pieces } of group) for (const key of pieces.keys()) weightMap.push([key, name]);
      totalBytes += planned.dataBytes;
    }
    await writeText(folder, indexNameOf(file), indexText(written, weightMap, totalBytes));
  } catch (error) {
    await removeAll(folder, written.keys());
    throw error;
  }
  // A single file would hold, where there is one.
  await folder.remove(file);
  await removeOthers(target, new Set(written.keys()));
}

function indexText(
  shards: ReadonlyMap<string, string>,
  weightMap: readonly (readonly [string, string])[],
  totalBytes: number,
): string {
  const metadata = {
    total_size: totalBytes,
    [names.format]: version,
    "nnx.shards": Object.fromEntries(shards),
  };
  // As texts, since an object loses the key `__proto__` and sorts others.
  const map = weightMap.map(([key, file]) => `${JSON.stringify(key)}:${JSON.stringify(file)}`);
  return `{"metadata":${JSON.stringify(metadata)},"weight_map":{${map.join(",")}}}`;
}

async function writeText(folder: StorageFolder, file: string, text: string): Promise<void> {
  const writing = await folder.create(file);
  try {
    await writing.write(0, bytesOfText(text));
  } catch (error) {
    await writing.abort();
    throw error;
  }
  await writing.commit();
}

const removeAll = async (folder: StorageFolder, files: Iterable<string>): Promise<void> => {
  for (const file of files) await folder.remove(file);
};

/** Removes shards of this name that no index names any more. */
async function removeOthers({ folder, file }: StorageFile, keep: ReadonlySet<string>): Promise<void> {
  const stem = file.endsWith(extension) ? file.slice(0, -extension.length) : file;
  const isShard = (name: string): boolean =>
    name.startsWith(`${stem}-`) &&
    /^-[\da-f]{8}-\d{5,}-of-\d{5,}\.safetensors$/.test(name.slice(stem.length)) &&
    !keep.has(name);
  await removeAll(folder, (await folder.list()).filter(isShard));
}

/** Removes the index and the shards of a checkpoint, where there are some. */
export async function removeShards(target: StorageFile): Promise<void> {
  await target.folder.remove(indexNameOf(target.file));
  await removeOthers(target, new Set());
}
