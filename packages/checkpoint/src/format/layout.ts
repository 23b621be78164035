/** @file Where each tensor of a file stands, and the header that says so. */
import { bytesOf, type TensorForm, widthOf } from "./dtypes.ts";
import { lengthBytes } from "./header.ts";
import { bytesOfText, compareCodePoints } from "./text.ts";

/** A tensor that is to be written, and where. */
export interface Placed<T extends TensorForm> {
  readonly key: string;
  readonly tensor: T;
  /** The first byte, from the beginning of the data. */
  readonly begin: number;
  readonly bytes: number;
}

/** The widest elements first, so that each tensor is aligned; then by key. */
export function layOut<T extends TensorForm>(tensors: ReadonlyMap<string, T>): Placed<T>[] {
  const sorted = [...tensors].sort(
    ([a, x], [b, y]) => widthOf(y.dtype) - widthOf(x.dtype) || compareCodePoints(a, b),
  );
  let at = 0;
  return sorted.map(([key, tensor]) => {
    const bytes = bytesOf(tensor);
    const begin = at;
    at += bytes;
    return { key, tensor, begin, bytes };
  });
}

/** The bytes of a file up to the data: length, header, and spaces to a multiple of eight. */
export function headerBytes(
  placed: readonly Placed<TensorForm>[],
  metadata: ReadonlyMap<string, string>,
): Uint8Array<ArrayBuffer> {
  const entries = placed.map(({ key, tensor: { dtype, shape }, begin, bytes }) => [
    key,
    { dtype, shape, data_offsets: [begin, begin + bytes] },
  ]);
  // As texts, since an object would sort names that look like indices, and loses `__proto__`.
  const fields = [["__metadata__", null], ...entries].map(([key, value]) =>
    value === null
      ? `"__metadata__":${objectText(metadata)}`
      : `${JSON.stringify(key)}:${JSON.stringify(value)}`,
  );
  const text = bytesOfText(`{${fields.join(",")}}`);
  const length = Math.ceil(text.length / 8) * 8;
  const all = new Uint8Array(lengthBytes + length).fill(0x20);
  const view = new DataView(all.buffer);
  view.setUint32(0, length, true);
  view.setUint32(4, 0);
  all.set(text, lengthBytes);
  return all;
}

const objectText = (entries: ReadonlyMap<string, string>): string =>
  `{${[...entries].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
