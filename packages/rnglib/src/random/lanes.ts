/** @file Lanes along an axis of a row-major array, and results in a tensor's own dtype. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { ownKey, type PRNGKey } from "../keys/prng-key.ts";
import { formatShape, sizeOf } from "../keys/shape.ts";
import { drawBool, drawFloat32, drawInt32 } from "./kernel.ts";
import type { ElementType } from "../tensor-types.ts";

/**
 * A shape as lanes along one axis. Element `i` of a lane is at `(before * length + i) * after + …`.
 */
export interface Lanes {
  readonly before: number;
  readonly length: number;
  readonly after: number;
}

/** The axis as a number from 0. @throws RangeError when it is out of range. */
export function axisOf(where: string, axis: number, shape: readonly number[]): number {
  const found = axis < 0 ? axis + shape.length : axis;
  if (Number.isInteger(found) && found >= 0 && found < shape.length) return found;
  throw new RangeError(
    `${where}: expected an axis of the shape ${formatShape(shape)}, got ${axis}. Count from 0, or from -1 backwards.`,
  );
}

/** The lanes along `axis`, which counts from 0. */
export const lanesOf = (shape: readonly number[], axis: number): Lanes => ({
  before: sizeOf(shape.slice(0, axis)),
  length: shape[axis] ?? 1,
  after: sizeOf(shape.slice(axis + 1)),
});

/** An array whose elements can be read and set. */
export type Numbers = Float32Array | Int32Array | Uint8Array;

/** Writes the slices at `indices` along an axis, one after the other. */
export function takeInto(data: Numbers, lanes: Lanes, indices: Int32Array, out: Numbers): void {
  const { before, length, after } = lanes;
  let at = 0;
  for (let b = 0; b < before; b++) {
    for (const index of indices) {
      const from = (b * length + index) * after;
      for (let a = 0; a < after; a++) out[at++] = data[from + a]!;
    }
  }
}

/** A tensor of `dtype` and shape `[...key.shape, ...shape]`. `fill` writes one row for each key. */
export function drawAs<T extends Tensor>(
  dtype: string,
  where: string,
  key: PRNGKey,
  shape: readonly number[],
  fill: (key: PRNGKey, row: Numbers) => void,
): T {
  const keys = ownKey(where, key);
  // The values of string and complex tensors cannot be copied one by one.
  switch (dtype as ElementType) {
    case "float32":
      return drawFloat32(where, keys, shape, fill);
    case "int32":
      return drawInt32(where, keys, shape, fill);
    case "bool":
      return drawBool(where, keys, shape, fill);
    default:
      throw new TypeError(`${where}: expected a tensor of float32, int32 or bool, got ${dtype}. Cast it.`);
  }
}
