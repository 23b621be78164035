/** @file Files with right checksums, whatever they say: what somebody writes on purpose. */
import { crc32, hexOf } from "../src/format/crc32.ts";
import type { TensorForm } from "../src/format/dtypes.ts";
import { checksumOf } from "../src/format/metadata.ts";
import { putTogether } from "./mutate.ts";

/** A tensor of a file; `offsets` are where it says that it is. */
export interface Forged {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
  readonly offsets?: readonly [number, number];
}

/** A float32 tensor. */
export const floats = (...values: readonly number[]): Forged => ({
  dtype: "F32",
  shape: [values.length],
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});

/** A file of ours. @param leaves - JSON of the descriptions. @param more - Further metadata. */
export function forge(
  tensors: Readonly<Record<string, Forged>>,
  leaves: string,
  more: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const crcs = Object.fromEntries(
    Object.entries(tensors).map(([key, { bytes }]) => [key, hexOf(crc32(bytes))]),
  );
  const metadata = new Map(
    Object.entries({ "nnx.format": "1", "nnx.leaves": leaves, "nnx.crc32": JSON.stringify(crcs), ...more }),
  );
  const forms = new Map(Object.entries(tensors)) as unknown as ReadonlyMap<string, TensorForm>;
  metadata.set("nnx.checksum", checksumOf(forms, metadata));
  return plain(tensors, Object.fromEntries(metadata));
}

/** A file of somebody else. */
export function plain(
  tensors: Readonly<Record<string, Forged>>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  let at = 0;
  const entries = Object.entries(tensors).map(([key, { dtype, shape, bytes, offsets }]) => {
    const begin = at;
    at += bytes.length;
    return [key, { dtype, shape, data_offsets: offsets ?? [begin, at] }] as const;
  });
  const header = { ...(metadata ? { __metadata__: metadata } : {}), ...Object.fromEntries(entries) };
  const data = new Uint8Array(at);
  let put = 0;
  for (const { bytes } of Object.values(tensors)) {
    data.set(bytes, put);
    put += bytes.length;
  }
  return putTogether(JSON.stringify(header), data);
}
