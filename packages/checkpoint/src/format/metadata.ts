/** @file What `__metadata__` says of a file of ours, and the checksum over it. */
import { bytesOfText, compareCodePoints } from "./text.ts";
import { crc32, hexOf } from "./crc32.ts";
import type { TensorForm } from "./dtypes.ts";

/** The names that the format has taken. */
export const names = {
  format: "nnx.format",
  leaves: "nnx.leaves",
  crc32: "nnx.crc32",
  checksum: "nnx.checksum",
  writtenBy: "nnx.written_by",
  graphdef: "nnx.graphdef",
  noGraphdef: "nnx.graphdef_missing",
  step: "nnx.step",
  metrics: "nnx.metrics",
} as const;

/** What names of the format begin with. */
export const prefix = "nnx.";

/** The version of the format that this library writes, and the only one there is. */
export const version = "1";

/** The CRC-32 of everything in a header but itself: see FORMAT.md. */
export function checksumOf(
  tensors: ReadonlyMap<string, TensorForm>,
  metadata: ReadonlyMap<string, string>,
): string {
  const texts: string[] = [];
  for (const key of [...tensors.keys()].sort(compareCodePoints)) {
    const { dtype, shape } = tensors.get(key) as TensorForm;
    texts.push(key, dtype, shape.join(","));
  }
  for (const name of [...metadata.keys()].sort(compareCodePoints))
    if (name !== names.checksum) texts.push(name, metadata.get(name) as string);
  // A NUL behind each of them.
  texts.push("");
  return hexOf(crc32(bytesOfText(texts.join("\0"))));
}
