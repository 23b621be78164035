/** @file Broadcasting and its transpose. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { alias, reshaped } from "../engine.ts";
import { sameShape, sizeOf } from "../shape.ts";
import { shaped } from "./arrange.ts";

/** `shape` with ones in front, up to `rank`. */
const padded = (shape: readonly number[], rank: number): number[] => [
  ...Array<number>(rank - shape.length).fill(1),
  ...shape,
];

/**
 * Sums `x` over the axes along which `shape` was broadcast: the transpose of broadcasting.
 * @param x - Any shape that `shape` broadcasts to.
 * @returns A new tensor of shape `shape`.
 */
export function sumTo(x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(x.shape, shape)) return alias(x);
  if (x.size === 0) return tf.zeros([...shape]);
  const from = padded(shape, x.rank);
  const axes = from.flatMap((size, axis) => (size === 1 && x.shape[axis] !== 1 ? [axis] : []));
  if (axes.length === 0) return reshaped(x, shape);
  const sum = tf.sum(x, axes);
  return sameShape(sum.shape, shape) ? sum : reshaped(sum, shape);
}

/**
 * Broadcasts `x` to `shape`.
 * @returns A new tensor.
 */
export function broadcast(x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(x.shape, shape)) return alias(x);
  if (sizeOf(shape) === 0) return tf.zeros([...shape]);
  if (sizeOf(shape) === x.size) return reshaped(x, shape);
  const from = padded(x.shape, shape.length);
  // What `tf.broadcastTo` does in an op of its own.
  const reps = shape.map((size, axis) => (from[axis] === size ? 1 : size));
  return tf.engine().runKernel("Tile", { x: shaped(x, from) }, { reps });
}
