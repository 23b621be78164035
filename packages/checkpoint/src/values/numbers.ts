/** @file Plain numbers, and nested lists of them, as elements of tensors, and back. */
import { type FileDtype, sizeOf } from "../format/dtypes.ts";

/** Nested lists of numbers; a number is one with no axes. */
export type Numbers = number | readonly Numbers[];

/** Numbers as a tensor. */
export interface NumberTensor {
  readonly dtype: "U32" | "F64";
  readonly shape: readonly number[];
  readonly values: Uint32Array | Float64Array;
}

const mostAxes = 32;

/** The shape of nested lists that are of one shape throughout; `undefined` for others. */
function shapeIn(value: unknown): number[] | undefined {
  const shape: number[] = [];
  for (let at = value; Array.isArray(at); at = at[0] as unknown) {
    if (shape.push(at.length) > mostAxes) return undefined;
    if (at.length === 0) break;
  }
  return shape;
}

function collect(value: unknown, shape: readonly number[], axis: number, into: number[]): boolean {
  if (axis === shape.length) return typeof value === "number" && into.push(value) > 0;
  if (!Array.isArray(value) || value.length !== shape[axis]) return false;
  return Array.from(value as readonly unknown[]).every((item) => collect(item, shape, axis + 1, into));
}

const isCount = (x: number): boolean => x >>> 0 === x && !Object.is(x, -0);

/** The numbers that a value is, in one tensor; `undefined` for everything else. */
export function numbersIn(value: unknown): NumberTensor | undefined {
  const shape = typeof value === "number" ? [] : Array.isArray(value) ? shapeIn(value) : undefined;
  const found: number[] = [];
  if (!shape || !collect(value, shape, 0, found)) return undefined;
  return found.every(isCount)
    ? { dtype: "U32", shape, values: Uint32Array.from(found) }
    : { dtype: "F64", shape, values: Float64Array.from(found) };
}

/** Nested lists of this shape. */
export function nested(values: readonly number[], shape: readonly number[]): Numbers {
  const [length, ...rest] = shape;
  if (length === undefined) return values[0] as number;
  const each = sizeOf(rest);
  return Array.from({ length }, (_, i) => nested(values.slice(i * each, (i + 1) * each), rest));
}

const half = (bits: number): number => {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
};

const single = new DataView(new ArrayBuffer(4));
const bfloat = (bits: number): number => {
  single.setUint32(0, bits << 16);
  return single.getFloat32(0);
};

type Get = (view: DataView, at: number) => number | bigint;

const getters: Partial<Record<FileDtype, Get>> = {
  U8: (view, at) => view.getUint8(at),
  I8: (view, at) => view.getInt8(at),
  U16: (view, at) => view.getUint16(at, true),
  I16: (view, at) => view.getInt16(at, true),
  F16: (view, at) => half(view.getUint16(at, true)),
  BF16: (view, at) => bfloat(view.getUint16(at, true)),
  U32: (view, at) => view.getUint32(at, true),
  I32: (view, at) => view.getInt32(at, true),
  F32: (view, at) => view.getFloat32(at, true),
  U64: (view, at) => view.getBigUint64(at, true),
  I64: (view, at) => view.getBigInt64(at, true),
  F64: (view, at) => view.getFloat64(at, true),
};

/** Whether numbers can be read from tensors of a dtype. */
export const isNumeric = (dtype: FileDtype): boolean => getters[dtype] !== undefined;

/**
 * The numbers in bytes of a numeric dtype.
 * @returns `undefined` where one of them is none that a double holds.
 */
export function numbersFrom(dtype: FileDtype, bytes: Uint8Array, width: number): number[] | undefined {
  const get = getters[dtype];
  if (!get) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: number[] = [];
  for (let at = 0; at < bytes.length; at += width) {
    const value = get(view, at);
    const number = Number(value);
    if (typeof value === "bigint" && BigInt(number) !== value) return undefined;
    found.push(number);
  }
  return found;
}
