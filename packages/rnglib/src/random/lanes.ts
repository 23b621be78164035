/** @file Axes of row-major arrays, and results of a tensor's own dtype. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { ownKey, type PRNGKey } from "../keys/prng-key.ts";
import { formatShape, sizeOf } from "../keys/shape.ts";
import { drawBool, drawFloat32, drawInt32 } from "./kernel.ts";
import type { ElementType } from "../tensor-types.ts";

/** A shape seen from one axis: element `i` of a lane is at `(before * length + i) * after + …`. */
export interface Lanes {
  readonly before: number;
  readonly length: number;
  readonly after: number;
}

/** An axis as a number from 0. @throws RangeError when it is not there. */
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

/** Values that can be indexed and set. */
export type Numbers = Float32Array | Int32Array | Uint8Array;

/** Writes the slices `indices` along an axis, one after the other. */
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

/**
 * A tensor of `dtype` and shape `[...key.shape, ...shape]`, of which `fill` writes one row per key.
 */
export function drawAs<T extends Tensor>(
  dtype: string,
  where: string,
  key: PRNGKey,
  shape: readonly number[],
  fill: (key: PRNGKey, row: Numbers) => void,
): T {
  const keys = ownKey(where, key);
  // String and complex tensors have no values that could be copied one by one.
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
