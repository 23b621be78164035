/**
 * @file Plain data as bytes: JSON, with the arrays of numbers behind it. Numbers that JSON lacks, and
 * arrays, stand in it as objects with one key that no data have.
 */

const MARK = "\u0000";

const arrayTypes = { Int8Array, Uint8Array, Float32Array } as const;
type ArrayName = keyof typeof arrayTypes;
type Numbers = Int8Array | Uint8Array | Float32Array;

const nameOfArray = (x: unknown): ArrayName | undefined =>
  (Object.keys(arrayTypes) as ArrayName[]).find((name) => x instanceof arrayTypes[name]);

/** The place of an array of numbers among the bytes. */
type Reference = readonly [type: ArrayName, offset: number, length: number];

/** Each array begins at a multiple of this many bytes, as arrays of numbers of 32 bits need it. */
const ALIGNMENT = 4;

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Bytes that {@link decode} turns into equal data. */
export function encode(data: unknown): Uint8Array<ArrayBuffer> {
  const arrays: Numbers[] = [];
  let offset = 0;
  const text = JSON.stringify(data, (_, value: unknown) => {
    const type = nameOfArray(value);
    if (type !== undefined) {
      const array = value as Numbers;
      const reference: Reference = [type, offset, array.length];
      arrays.push(array);
      offset += aligned(array.byteLength);
      return { [MARK]: reference };
    }
    return typeof value === "number" && !Number.isFinite(value) ? { [MARK]: String(value) } : value;
  });
  const json = new TextEncoder().encode(text);
  const start = ALIGNMENT + aligned(json.length);
  const bytes = new Uint8Array(start + offset);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, ALIGNMENT);
  let at = start;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += aligned(byteLength);
  }
  return bytes;
}

/** The data of {@link encode}. Its arrays are views of the bytes. */
export function decode(bytes: Uint8Array<ArrayBuffer>): unknown {
  const { buffer, byteOffset } = bytes;
  const length = new DataView(buffer, byteOffset).getUint32(0, true);
  const start = byteOffset + ALIGNMENT + aligned(length);
  const text = new TextDecoder().decode(bytes.subarray(ALIGNMENT, ALIGNMENT + length));
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, MARK)) return value;
    const marked = (value as Record<string, Reference | string>)[MARK];
    if (typeof marked === "string") return Number(marked);
    const [type, offset, size] = marked as Reference;
    return new arrayTypes[type](buffer, start + offset, size);
  });
}
