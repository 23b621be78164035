/** @file The index of a checkpoint in several files: see "Shards" in FORMAT.md. */
import { damaged, shownKey } from "../format/header.ts";
import { names, version } from "../format/metadata.ts";
import { textOfBytes } from "../format/text.ts";
import { CheckpointError } from "../errors.ts";
import type { FileReading } from "../storage/storage.ts";
import { parseJson } from "./tensor-file.ts";

/** What an index says. */
export interface ShardIndex {
  /** The file of each tensor. */
  readonly files: ReadonlyMap<string, string>;
  /** The checksum of each file's header; missing in the indices of others. */
  readonly checksums: ReadonlyMap<string, string> | undefined;
  readonly totalBytes: number | undefined;
}

/** An index of more bytes is none. */
const mostBytes = 100_000_000;

type Entries = Readonly<Record<string, unknown>>;
const isRecord = (x: unknown): x is Entries => typeof x === "object" && x !== null && !Array.isArray(x);

/** File names, never paths: an index may not lead out of its folder. */
const isFileName = (x: unknown): x is string =>
  typeof x === "string" && x !== "" && x !== "." && x !== ".." && !/[/\\\0]/.test(x);

/** The name of the index that goes with a file's. */
export const indexNameOf = (file: string): string => `${file}.index.json`;

const textsIn = (
  where: string,
  name: string,
  json: unknown,
  isFine: (x: unknown) => boolean,
): Map<string, string> => {
  if (!isRecord(json)) throw damaged(where, `${name} to be an object`, "something else");
  return new Map(
    Object.entries(json).map(([key, value]) => {
      if (isFine(value)) return [key, value as string];
      throw damaged(`${where}, ${name} at ${shownKey(key)}`, "a name or a checksum", "something else");
    }),
  );
};

/** Reads an index. */
export async function readIndex(reading: FileReading): Promise<ShardIndex> {
  const { name, size } = reading;
  if (size > mostBytes) throw damaged(name, `an index of at most ${mostBytes} bytes`, `${size}`);
  const bytes = new Uint8Array(size);
  await reading.read(0, bytes);
  const text = textOfBytes(bytes);
  const json = text === undefined ? undefined : parseJson(name, "the index", text);
  if (!isRecord(json)) throw damaged(name, "an index: an object with weight_map", "something else");
  const metadata: Entries = isRecord(json.metadata) ? json.metadata : {};
  const files = textsIn(name, "weight_map", json.weight_map, isFileName);
  if (metadata[names.format] === undefined) return { files, checksums: undefined, totalBytes: undefined };
  if (metadata[names.format] !== version)
    throw new CheckpointError(
      `${name}: expected version ${version} of the format, got another. Read it with the version of the library that wrote it.`,
    );
  const checksums = textsIn(name, "nnx.shards", metadata["nnx.shards"], (x) => typeof x === "string");
  for (const file of checksums.keys())
    if (!isFileName(file)) throw damaged(name, "names of files", shownKey(file));
  for (const file of files.values())
    if (!checksums.has(file)) throw damaged(name, `${shownKey(file)} among nnx.shards`, "no such file");
  const { total_size: totalBytes } = metadata;
  if (!Number.isSafeInteger(totalBytes))
    throw damaged(name, "total_size to be a number of bytes", "something else");
  return { files, checksums, totalBytes: totalBytes as number };
}
