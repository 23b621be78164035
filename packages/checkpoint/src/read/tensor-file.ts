/** @file One file: its header, and what the metadata says if it is ours. */
import type { FileReading } from "../storage/storage.ts";
import { JsonFault, parseStrictly } from "../format/strict-json.ts";
import { damaged, type Header, headerLength, lengthBytes, readHeader, shownKey } from "../format/header.ts";
import { checksumOf, names, prefix, version } from "../format/metadata.ts";
import { CheckpointError } from "../errors.ts";
import { descriptionFrom, type LeafDescription, tensorKeysOf } from "../values/description.ts";
import { innerKey } from "../values/encode.ts";

/** A file that was opened: nothing but its header was read. */
export interface TensorFile {
  readonly reading: FileReading;
  readonly header: Header;
  /** Of files of ours. */
  readonly own: OwnMetadata | undefined;
}

/** What only files of ours say. */
interface OwnMetadata {
  readonly leaves: ReadonlyMap<string, LeafDescription>;
  readonly crcs: ReadonlyMap<string, string>;
  readonly checksum: string;
}

/** Definitions are nested as deep as their static values, and a few levels more. */
const mostLevels = 1_010;

/** JSON in the metadata, or beside it. */
export function parseJson(where: string, name: string, text: string): unknown {
  try {
    return parseStrictly(text, mostLevels);
  } catch (error) {
    if (error instanceof JsonFault) throw damaged(`${where}, ${name}`, "JSON", error.message);
    throw error;
  }
}

/** Reads the header of a file, and checks all that can be checked without the data. */
export async function openTensorFile(reading: FileReading): Promise<TensorFile> {
  const { name, size } = reading;
  const start = new Uint8Array(Math.min(lengthBytes, size));
  await reading.read(0, start);
  const bytes = new Uint8Array(headerLength(name, start, size));
  await reading.read(lengthBytes, bytes);
  const header = readHeader(name, bytes, size);
  return { reading, header, own: ownMetadata(name, header) };
}

function ownMetadata(where: string, { tensors, metadata }: Header): OwnMetadata | undefined {
  const format = metadata.get(names.format);
  if (format === undefined) {
    const odd = [...metadata.keys()].find((name) => name.startsWith(prefix));
    if (odd !== undefined) throw damaged(where, `${names.format} beside ${shownKey(odd)}`, "none");
    return undefined;
  }
  if (format !== version)
    throw new CheckpointError(
      `${where}: expected version ${version} of the format, got ${JSON.stringify(format.slice(0, 200))}. ` +
        "Read it with the version of the library that wrote it, or a newer one.",
    );
  const checksum = need(where, metadata, names.checksum);
  const got = checksumOf(tensors, metadata);
  if (checksum !== got)
    throw damaged(where, `a header with the checksum ${JSON.stringify(checksum.slice(0, 200))}`, got);
  const leaves = leavesIn(where, need(where, metadata, names.leaves));
  const crcs = crcsIn(where, need(where, metadata, names.crc32));
  checkTensors(where, tensors, leaves, crcs);
  return { leaves, crcs, checksum };
}

function need(where: string, metadata: ReadonlyMap<string, string>, name: string): string {
  const text = metadata.get(name);
  if (text !== undefined) return text;
  throw damaged(where, `${name} in the metadata`, "none");
}

function entriesIn(where: string, name: string, text: string): [string, unknown][] {
  const json = parseJson(where, name, text);
  if (typeof json === "object" && json !== null && !Array.isArray(json)) return Object.entries(json);
  throw damaged(`${where}, ${name}`, "an object", "something else");
}

function leavesIn(where: string, text: string): Map<string, LeafDescription> {
  return new Map(
    entriesIn(where, names.leaves, text).map(([key, json]) => {
      const description = descriptionFrom(json);
      if (description) return [key, description];
      throw damaged(
        `${where}, ${names.leaves} at ${shownKey(key)}`,
        "the description of a leaf",
        "something else",
      );
    }),
  );
}

function crcsIn(where: string, text: string): Map<string, string> {
  return new Map(
    entriesIn(where, names.crc32, text).map(([key, crc]) => {
      if (typeof crc === "string" && /^[\da-f]{8}$/.test(crc)) return [key, crc];
      throw damaged(`${where}, ${names.crc32} at ${shownKey(key)}`, "8 hexadecimal digits", "something else");
    }),
  );
}

/** Each tensor has a leaf and a checksum, and each leaf and checksum a tensor. */
function checkTensors(
  where: string,
  tensors: ReadonlyMap<string, unknown>,
  leaves: ReadonlyMap<string, LeafDescription>,
  crcs: ReadonlyMap<string, string>,
): void {
  const described = new Set<string>();
  for (const [key, description] of leaves) {
    for (const tensor of tensorKeysOf(key, description, innerKey)) {
      if (!tensors.has(tensor) || described.has(tensor))
        throw damaged(`${where} at ${shownKey(key)}`, `a tensor ${shownKey(tensor)} of its own`, "none");
      described.add(tensor);
    }
  }
  for (const key of tensors.keys()) {
    if (!described.has(key) || !crcs.has(key))
      throw damaged(`${where} at ${shownKey(key)}`, `a description and a checksum`, "none");
  }
  if (crcs.size > tensors.size)
    throw damaged(where, `${tensors.size} checksums, one for each tensor`, String(crcs.size));
}
