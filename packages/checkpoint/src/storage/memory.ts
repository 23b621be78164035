/** @file Files that are in memory already. */
import type { BlobLike, FileReading, FileWriting } from "./storage.ts";

const nothing = async (): Promise<void> => {};

/** Bytes as a file. */
export const readingOfBytes = (name: string, bytes: Uint8Array): FileReading => ({
  name,
  size: bytes.length,
  read: async (position, into) => into.set(bytes.subarray(position, position + into.length)),
  close: nothing,
});

/** A Blob (or a File that a user picked) as a file; only what is asked for is read. */
export const readingOfBlob = (name: string, blob: BlobLike): FileReading => ({
  name,
  size: blob.size,
  read: async (position, into) =>
    into.set(new Uint8Array(await blob.slice(position, position + into.length).arrayBuffer())),
  close: nothing,
});

/** A file that is written to memory which the caller has. */
export const writingToBytes = (bytes: Uint8Array): FileWriting => ({
  write: async (position, piece) => bytes.set(piece, position),
  commit: nothing,
  abort: nothing,
});
