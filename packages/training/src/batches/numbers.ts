/** @file Arrays of numbers that are no tensors yet: typed arrays, alone or with a shape. */
import { type ElementArrays, newTensor, sizeOf, type Tensor } from "@nnxjs/kernels/internal";
import { NnxError } from "@nnxjs/nnx-core";
import { describe, isPlainObject } from "@nnxjs/nnx-core/internal";

/** The dtypes of batches. */
export type BatchDtype = keyof ElementArrays;

/** Typed arrays whose numbers tensors can hold. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint16Array
  | Uint8Array
  | Uint8ClampedArray;

/** A typed array with a shape, row-major. The first axis is that of the examples. */
export interface ArrayData {
  readonly data: NumberArray;
  readonly shape: readonly number[];
  /**
   * `"float32"` takes any numbers, `"int32"` and `"bool"` take those of integer arrays (what is not
   * 0 is true).
   * @defaultValue "float32" for arrays of floats, "int32" for others
   */
  readonly dtype?: BatchDtype;
}

const floats = [Float32Array, Float64Array] as const;
const integers = [Int32Array, Int16Array, Int8Array, Uint16Array, Uint8Array, Uint8ClampedArray] as const;

const isFloats = (x: unknown): boolean => floats.some((type) => x instanceof type);

export const isNumberArray = (x: unknown): x is NumberArray =>
  isFloats(x) || integers.some((type) => x instanceof type);

/** Whether `x` is meant as a typed array with a shape. */
export const isArrayData = (x: unknown): x is ArrayData =>
  isPlainObject(x) && ArrayBuffer.isView(x.data) && Array.isArray(x.shape);

/** An array with its shape and dtype, which fit. */
export interface Checked {
  readonly data: NumberArray;
  readonly shape: readonly number[];
  readonly dtype: BatchDtype;
}

const isSize = (x: unknown): boolean => Number.isSafeInteger(x) && (x as number) >= 0;

/**
 * @param here - Where it is, for errors.
 * @throws NnxError for a shape of another size, and dtypes that do not hold the numbers.
 */
export function checkArray(here: string, given: NumberArray | ArrayData): Checked {
  if (isNumberArray(given)) return { data: given, shape: [given.length], dtype: dtypeOf(given) };
  const { data, shape, dtype = dtypeOf(data) } = given;
  if (!isNumberArray(data)) throw noNumbers(here, data);
  if (!shape.every(isSize) || sizeOf(shape) !== data.length) {
    throw new NnxError(
      `${here}: expected a shape of ${data.length} elements, got [${shape.join(", ")}]. Its product is the length of the data.`,
    );
  }
  const isHeld = dtype === "float32" || (INTEGERS.includes(dtype) && !isFloats(data));
  if (isHeld) return { data, shape, dtype };
  throw new NnxError(
    `${here}: expected a dtype that holds the numbers of ${describe(data)}, got ${describe(dtype)}. ` +
      'Take "float32", or an array of integers.',
  );
}

const INTEGERS: readonly BatchDtype[] = ["int32", "bool"];

const dtypeOf = (data: NumberArray): BatchDtype => (isFloats(data) ? "float32" : "int32");

/** What is said of arrays and values that tensors cannot hold. */
export const noNumbers = (here: string, value: unknown): NnxError =>
  new NnxError(
    `${here}: expected numbers, booleans, typed arrays, tensors, or arrays and objects of these, got ${describe(value)}. ` +
      (typeof value === "string" ? "Encode text as numbers first." : "Convert it to one of these."),
  );

/** Below this many numbers copying one by one is quicker than making a view. */
const SMALL = 16;

/**
 * Some rows of an array as a tensor. Only these rows are copied.
 * @param rowAt - Which row is the i-th.
 */
export function takeRows(
  { data, shape, dtype }: Checked,
  count: number,
  rowAt: (i: number) => number,
): Tensor {
  const size = sizeOf(shape.slice(1));
  return newTensor(dtype, [count, ...shape.slice(1)], (out) => {
    for (let i = 0; i < count; i++) copy(data, rowAt(i) * size, size, out, i * size);
  });
}

/** Copies numbers. An array of bytes takes what is not 0 as 1. */
export function copy(
  from: ArrayLike<number>,
  start: number,
  size: number,
  to: ElementArrays[BatchDtype],
  at: number,
): void {
  if (size >= SMALL && !(to instanceof Uint8Array) && isNumberArray(from))
    to.set(from.subarray(start, start + size), at);
  else if (to instanceof Uint8Array)
    for (let j = 0; j < size; j++) to[at + j] = from[start + j] === 0 ? 0 : 1;
  else for (let j = 0; j < size; j++) to[at + j] = from[start + j]!;
}
