/** @file The header of a file: checked against the file's size before anything is made of it. */
import { CheckpointError } from "../errors.ts";
import { bytesOf, formText } from "./dtypes.ts";
import { HeaderFault, type HeaderText, readHeaderText, type TensorEntry } from "./header-text.ts";
import { textOfBytes } from "./text.ts";

/** What stands before the header: its length. */
export const lengthBytes = 8;
/** As the library that the format comes from has it. */
export const mostHeaderBytes = 100_000_000;

/** A header that fits its file. */
export interface Header extends HeaderText {
  /** Where the data begins in the file. */
  readonly dataStart: number;
}

const advice = "It is damaged, or no safetensors file: write it anew.";

/** The error for a file that is not as it should be. @param where - The file. */
export const damaged = (where: string, expected: string, got: string): CheckpointError =>
  new CheckpointError(`${where}: expected ${expected}, got ${got}. ${advice}`);

/**
 * How long the header is.
 * @param start - The first eight bytes of the file, or fewer if it has no more.
 */
export function headerLength(where: string, start: Uint8Array, fileSize: number): number {
  if (start.length < lengthBytes)
    throw damaged(where, "at least 8 bytes for the length of the header", `a file of ${fileSize}`);
  const view = new DataView(start.buffer, start.byteOffset, lengthBytes);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > mostHeaderBytes)
    throw damaged(where, `a header of at most ${mostHeaderBytes} bytes`, `the length ${length}`);
  if (length > fileSize - lengthBytes)
    throw damaged(where, `a file of at least ${lengthBytes + length} bytes`, `one of ${fileSize}`);
  return length;
}

/** Reads a header, and holds it against the size of the file. */
export function readHeader(where: string, bytes: Uint8Array, fileSize: number): Header {
  const text = bytes[0] === 0x7b ? textOfBytes(bytes) : undefined;
  if (text === undefined) throw damaged(where, 'a header of UTF-8 that begins with "{"', "other bytes");
  const dataStart = lengthBytes + bytes.length;
  const header = parse(where, text);
  checkRanges(where, header.tensors, fileSize - dataStart);
  return { ...header, dataStart };
}

function parse(where: string, text: string): HeaderText {
  try {
    return readHeaderText(text);
  } catch (error) {
    if (error instanceof HeaderFault)
      throw new CheckpointError(`${where}: in the header ${error.message}. ${advice}`);
    throw error;
  }
}

/** Tensors stand one behind the other, from the first byte to the last. */
function checkRanges(where: string, tensors: ReadonlyMap<string, TensorEntry>, dataSize: number): void {
  const entries = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const [key, entry] of entries) {
    const length = bytesOf(entry);
    const place = `${where} at ${shownKey(key)}`;
    if (entry.begin !== at) throw damaged(place, `data from byte ${at} on`, `byte ${entry.begin}`);
    if (entry.end - entry.begin !== length)
      throw damaged(
        place,
        Number.isNaN(length) ? "a tensor that fits into a file" : `${length} bytes for ${formText(entry)}`,
        Number.isNaN(length) ? formText(entry) : `${entry.end - entry.begin}`,
      );
    at = entry.end;
  }
  if (at !== dataSize) throw damaged(where, `${at} bytes of data, as the header says`, `${dataSize}`);
}

/** A key in the room that a message has. */
export const shownKey = (key: string): string =>
  key === "" ? "(root)" : key.length > 200 ? `${key.slice(0, 200)}...` : key;
