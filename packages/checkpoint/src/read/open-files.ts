/** @file The files that a checkpoint consists of, from whatever it is read from. */
import { NotFoundError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { CheckpointError } from "../errors.ts";
import { bytesOf } from "../format/dtypes.ts";
import { damaged, shownKey } from "../format/header.ts";
import { readingOfBlob, readingOfBytes } from "../storage/memory.ts";
import {
  type BlobLike,
  type FileReading,
  isStorageFile,
  placeOf,
  type StorageFile,
  type StorageFolder,
  type UrlLike,
} from "../storage/storage.ts";
import { urlFile } from "../storage/url.ts";
import { indexNameOf, readIndex, type ShardIndex } from "./shard-index.ts";
import { openTensorFile, type TensorFile } from "./tensor-file.ts";

/**
 * What a checkpoint is read from: a file of a folder (`file(path)`, `opfs(path)`, `indexedDb(name)`),
 * bytes, a Blob or File, or a URL.
 */
export type CheckpointSource = StorageFile | ArrayBuffer | Uint8Array | BlobLike | UrlLike;

/** The files, and which of them has a tensor. */
export interface OpenFiles {
  readonly name: string;
  readonly files: readonly TensorFile[];
  /** Of an index, the tensors that count; those of a single file all do. */
  readonly fileOf: ReadonlyMap<string, TensorFile> | undefined;
}

/** Opens all files of a checkpoint; none stays open when one is not as it should be. */
export async function openFiles(where: string, source: CheckpointSource): Promise<OpenFiles> {
  const readings: FileReading[] = [];
  const kept = (reading: FileReading): FileReading => {
    readings.push(reading);
    return reading;
  };
  try {
    return await open(where, source, kept);
  } catch (error) {
    await Promise.all(readings.map((reading) => reading.close()));
    throw error;
  }
}

async function open(
  where: string,
  source: CheckpointSource,
  kept: (reading: FileReading) => FileReading,
): Promise<OpenFiles> {
  const stored = isUrl(source) ? urlFile(new URL(source.href)) : source;
  if (isStorageFile(stored)) return openStored(where, stored, kept);
  const reading = kept(readingOf(where, stored));
  return { name: reading.name, files: [await openTensorFile(reading)], fileOf: undefined };
}

const isUrl = (x: unknown): x is UrlLike =>
  typeof x === "object" && x !== null && "href" in x && typeof x.href === "string" && "pathname" in x;

const isBlob = (x: unknown): x is BlobLike =>
  typeof x === "object" &&
  x !== null &&
  "arrayBuffer" in x &&
  "slice" in x &&
  typeof x.slice === "function" &&
  "size" in x &&
  typeof x.size === "number";

function readingOf(where: string, source: unknown): FileReading {
  const name = "the bytes";
  if (source instanceof Uint8Array) return readingOfBytes(name, source);
  if (source instanceof ArrayBuffer) return readingOfBytes(name, new Uint8Array(source));
  if (isBlob(source)) return readingOfBlob("the Blob", source);
  const advice =
    typeof source === "string"
      ? "A text may be many things: pass file(path) of @nnxjs/checkpoint/node, opfs(path), indexedDb(name), or new URL(...)."
      : source instanceof Promise
        ? "Await it."
        : "Pass what file, opfs or indexedDb returned, bytes, a Blob, or a URL.";
  throw new CheckpointError(`${where}: expected something to read from, got ${describe(source)}. ${advice}`);
}

async function openStored(
  where: string,
  stored: StorageFile,
  kept: (reading: FileReading) => FileReading,
): Promise<OpenFiles> {
  const { folder, file } = stored;
  const name = placeOf(stored);
  const isIndex = file.endsWith(".json");
  const single = isIndex ? undefined : await folder.open(file);
  if (single) return { name, files: [await openTensorFile(kept(single))], fileOf: undefined };
  const indexName = isIndex ? file : indexNameOf(file);
  const index = await folder.open(indexName);
  if (!index) {
    throw new NotFoundError(
      `${where}: expected a checkpoint at ${name}, got no such file${isIndex ? "" : `, and no ${indexName}`}. Save one there first.`,
    );
  }
  kept(index);
  const shards = await readIndex(index);
  await index.close();
  return openShards(folder, index.name, shards, kept);
}

async function openShards(
  folder: StorageFolder,
  name: string,
  { files, checksums, totalBytes }: ShardIndex,
  kept: (reading: FileReading) => FileReading,
): Promise<OpenFiles> {
  const byName = new Map<string, TensorFile>();
  for (const shard of new Set([...(checksums?.keys() ?? []), ...files.values()])) {
    const reading = await folder.open(shard);
    if (!reading) throw damaged(name, `the file ${shownKey(shard)} beside it`, "no such file");
    const opened = await openTensorFile(kept(reading));
    if (checksums && opened.own?.checksum !== checksums.get(shard))
      throw damaged(name, `${shownKey(shard)} to be of the same save`, "another file of this name");
    byName.set(shard, opened);
  }
  const fileOf = new Map<string, TensorFile>();
  for (const [key, shard] of files) {
    const opened = byName.get(shard) as TensorFile;
    if (!opened.header.tensors.has(key))
      throw damaged(name, `${shownKey(key)} in ${shownKey(shard)}`, "no such tensor");
    fileOf.set(key, opened);
  }
  const opened = [...byName.values()];
  if (checksums) checkWhole(name, opened, fileOf, totalBytes);
  return { name, files: opened, fileOf };
}

/** Our own indices name every tensor of every file. */
function checkWhole(
  name: string,
  files: readonly TensorFile[],
  fileOf: ReadonlyMap<string, TensorFile>,
  totalBytes: number | undefined,
): void {
  let total = 0;
  let count = 0;
  for (const { header } of files) {
    for (const entry of header.tensors.values()) total += bytesOf(entry);
    count += header.tensors.size;
  }
  if (count !== fileOf.size || total !== totalBytes)
    throw damaged(
      name,
      `an index of all ${count} tensors, of ${total} bytes`,
      `${fileOf.size} of ${totalBytes}`,
    );
}
