/**
 * @file The parts of every sampler on tensors: they read parameters, find the shape, and draw one
 * row of results for each key.
 */
import {
  alsoOnDevice,
  type DeviceDraw,
  drawnOnDevice,
  type ElementArrays,
  fuse,
  hasReachableMemory,
  isRecorded,
  isTensor,
  newTensor,
  valuesOf as valuesOfTensor,
} from "@nnxjs/kernels/internal";
import { checkTensor, describe, noteDraw } from "@nnxjs/nnx-core/internal";
import { ownKey, type PRNGKey, singleKey, wordOf } from "../keys/prng-key.ts";
import { madeFromKey } from "../recorded-keys.ts";
import { use } from "../keys/uses.ts";
import { dimensionsOf, formatShape, type Shape, sizeOf } from "../keys/shape.ts";
import { cast, type Tensor } from "@tensorflow/tfjs-core";
import { flush, TINY } from "./float32.ts";

/**
 * A parameter of a distribution: one number, a list of numbers, or a tensor that broadcasts to the
 * shape of the sample. The values of a tensor are read: on a GPU pass numbers, or a tensor that
 * `nnx.readAhead` has read.
 */
export type Parameter = number | readonly number[] | Tensor;

/** The values of a parameter. Do not write to them. */
export interface Values<A extends Float32Array | Int32Array = Float32Array> {
  readonly shape: readonly number[];
  readonly data: A;
}

/**
 * The values of a parameter, rounded to float32. Like in XLA, values below the smallest normal
 * number count as 0.
 * @throws TypeError when `x` holds no numbers.
 */
export function valuesOf(where: string, x: Parameter): Values {
  const { shape, data } = numbersOf(where, x);
  return { shape, data: flushed(data instanceof Float32Array ? data : Float32Array.from(data)) };
}

const flushed = (values: Float32Array): Float32Array =>
  values.some((value) => value !== 0 && Math.abs(value) < TINY) ? values.map(flush) : values;

/** Whether a tensor holds numbers. */
export const isNumeric = (x: Tensor): boolean => x.dtype !== "string" && x.dtype !== "complex64";

/** Whether a parameter is a tensor whose values a recorded function must not read, but may use. */
export const isUnread = (x: Parameter): x is Tensor =>
  isTensor(x) && isNumeric(x) && isRecorded() && hasReachableMemory();

/**
 * The values of a parameter that must be int32.
 * @throws TypeError when `x` holds no numbers, RangeError for numbers that are not int32.
 */
export function integersOf(where: string, x: Parameter): Values<Int32Array> {
  const { shape, data } = numbersOf(where, x);
  if (data instanceof Int32Array) return { shape, data };
  const odd = Array.from(data).find((value) => (value | 0) !== value);
  if (odd === undefined) return { shape, data: Int32Array.from(data) };
  throw new RangeError(`${where}: expected int32 values, got ${odd}. Round them, or scale a uniform.`);
}

function numbersOf(where: string, x: Parameter): { shape: readonly number[]; data: NumericArray } {
  if (typeof x === "number") return { shape: [], data: [x] };
  if (isTensor(x) && isNumeric(x)) {
    checkTensor(where, "the parameter", x);
    return { shape: x.shape, data: valuesOfTensor(x, where) };
  }
  if (Array.isArray(x) && x.every((item) => typeof item === "number")) return { shape: [x.length], data: x };
  throw new TypeError(
    `${where}: expected a number, a list of numbers or a tensor, got ${describe(x)}. Pass numbers; the key comes first.`,
  );
}

/** The shape to which these shapes broadcast. @throws RangeError when they do not. */
export function broadcastShapes(where: string, ...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    let size = 1;
    for (const shape of shapes) {
      const d = shape[axis - rank + shape.length] ?? 1;
      if (d !== 1 && size !== 1 && d !== size) {
        throw new RangeError(
          `${where}: expected parameters whose shapes broadcast, got ${shapes.map(formatShape).join(" and ")}. ` +
            "Axes must be equal or 1, counted from the end.",
        );
      }
      if (d !== 1) size = d;
    }
    return size;
  });
}

/**
 * The shape to draw for one key: `shape`, or the shape to which the parameters broadcast.
 * @throws RangeError when the parameters do not broadcast to `shape`.
 */
export function sampleShape(
  where: string,
  shape: Shape | undefined,
  ...parameters: readonly { readonly shape: readonly number[] }[]
): number[] {
  const shapes = parameters.map((p) => p.shape);
  if (shape === undefined) return broadcastShapes(where, ...shapes);
  const asked = dimensionsOf(where, shape);
  const result = broadcastShapes(where, asked, ...shapes);
  if (result.length === asked.length && result.every((d, i) => d === asked[i])) return asked;
  throw new RangeError(
    `${where}: expected parameters that broadcast to the shape ${formatShape(asked)}, got parameters of shape ` +
      `${shapes.map(formatShape).join(" and ")}. Leave the shape out to get ${formatShape(result)}.`,
  );
}

/**
 * Whether a parameter is repeated over a sample of this shape for each key. If so, XLA moves work
 * from the sample to the parameter: it multiplies by reciprocals, and combines constants with
 * parameters.
 */
export const isRepeated = ({ data }: Values, key: PRNGKey, shape: readonly number[]): boolean =>
  data.length < key.size * sizeOf(shape);

/**
 * The values repeated to fill `shape`, to which they must broadcast. Do not write to the result.
 */
export function expand<A extends Float32Array | Int32Array>(
  { shape: from, data }: Values<A>,
  shape: readonly number[],
): A {
  const size = sizeOf(shape);
  if (data.length === size) return data;
  // The same type as `data`. The types of the library do not say so of `constructor`.
  const out = new (data.constructor as new (length: number) => A)(size);
  if (data.length === 1) {
    out.fill(data[0]!);
    return out;
  }
  // Walk the result with one counter per axis. A source axis that is missing or has length 1 does
  // not move.
  const offset = shape.length - from.length;
  const strides = new Array<number>(shape.length).fill(0);
  for (let axis = from.length - 1, stride = 1; axis >= 0; axis--) {
    if (from[axis] !== 1) strides[axis + offset] = stride;
    stride *= from[axis]!;
  }
  const counters = new Array<number>(shape.length).fill(0);
  for (let i = 0, at = 0; i < size; i++) {
    out[i] = data[at]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++counters[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      counters[axis] = 0;
    }
  }
  return out;
}

type NumericArray = Float32Array | Int32Array | Uint8Array | readonly number[];
type Row = Float32Array | Int32Array | Uint8Array;

function fillRows<A extends Row>(keys: PRNGKey, out: A, fill: (key: PRNGKey, row: A) => void): void {
  const rows = keys.size;
  if (keys.shape.length === 0) fill(keys, out);
  else {
    const width = out.length / rows;
    for (let i = 0; i < rows; i++) {
      // `subarray` of an A is an A. The types of the library do not say so.
      const row = out.subarray(i * width, (i + 1) * width) as A;
      fill(singleKey(wordOf(keys, i, 0), wordOf(keys, i, 1)), row);
    }
  }
}

/**
 * A tensor of shape `[...key.shape, ...shape]`. `fill` writes one row of `shape` for each key.
 * @param device - How webgl and webgpu draw the same, for a single key.
 */
function draw<D extends keyof ElementArrays, T extends Tensor>(
  dtype: D,
  where: string,
  key: PRNGKey,
  shape: readonly number[],
  fill: (key: PRNGKey, row: ElementArrays[D]) => void,
  device?: DeviceDraw,
): T {
  const keys = ownKey(where, key);
  const from = (given: PRNGKey) => {
    const write = (elements: ElementArrays[D]): void => fillRows(given, elements, fill);
    if (!device || given.shape.length > 0) return write;
    return alsoOnDevice(write, (backend, full) =>
      drawnOnDevice(backend, device, [wordOf(given, 0, 0), wordOf(given, 0, 1)], full),
    );
  };
  noteDraw();
  // The caller's type T has the rank. Here, shapes are lists of numbers.
  return use(
    keys,
    where,
    () => newTensor(dtype, [...keys.shape, ...shape], from(keys), madeFromKey(keys, from)) as T,
  );
}

/** Draws one row of `shape` for each key, in place where the backend's memory can be written. */
type Draw<D extends keyof ElementArrays> = <T extends Tensor>(
  where: string,
  key: PRNGKey,
  shape: readonly number[],
  fill: (key: PRNGKey, row: ElementArrays[D]) => void,
  device?: DeviceDraw,
) => T;

export const drawFloat32: Draw<"float32"> = (...args) => draw("float32", ...args);
export const drawInt32: Draw<"int32"> = (...args) => draw("int32", ...args);
export const drawBool: Draw<"bool"> = (...args) => draw("bool", ...args);

/**
 * Integers below 2²⁴ that depend on the values of a tensor, which each run of a recorded function
 * reads by itself.
 * @param fillOf - Gets the values as `valuesOf` gives them.
 */
export function drawByValues<T extends Tensor>(
  where: string,
  key: PRNGKey,
  shape: readonly number[],
  parameter: Tensor,
  fillOf: (data: Float32Array) => (key: PRNGKey, row: Int32Array) => void,
): T {
  const keys = ownKey(where, key);
  const from =
    (given: PRNGKey) =>
    ([values]: readonly Float32Array[], [out]: readonly Float32Array[]): void => {
      const drawn = new Int32Array(out!.length);
      fillRows(given, drawn, fillOf(flushed(values!)));
      out!.set(drawn);
    };
  const full = [...keys.shape, ...shape];
  noteDraw();
  return use(keys, where, () => {
    const values = cast(parameter, "float32");
    // The memory is within reach, and the values are float32.
    const [drawn] = fuse([values], [full], from(keys), undefined, madeFromKey(keys, from)) as [Tensor];
    return cast(drawn, "int32") as T;
  });
}
