/** @file Broadcasting and its transpose, in the form that each backend is quick at. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { broadcastForm } from "../backends.ts";
import { alias } from "../engine.ts";
import { sameShape, sizeOf } from "../shape.ts";

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
  if (axes.length === 0) return tf.reshape(x, [...shape]);
  return tf.reshape(tf.sum(x, axes), [...shape]);
}

/**
 * Broadcasts `x` to `shape`.
 * @returns A new tensor.
 */
export function broadcast(x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(x.shape, shape)) return alias(x);
  const size = sizeOf(shape);
  if (size === 0) return tf.zeros([...shape]);
  const from = padded(x.shape, shape.length);
  const repeated = from.flatMap((n, axis) => (n === 1 && shape[axis] !== 1 ? [axis] : []));
  if (repeated.length === 0) return tf.reshape(x, [...shape]);
  const form = broadcastForm();
  if (form === "add") return tf.add(tf.zeros([...shape]), x);
  if (form === "product") {
    const outer = size / x.size;
    const isLeading = sizeOf(from.slice(repeated.at(-1)! + 1)) === x.size;
    if (isLeading) {
      return tf.reshape(tf.matMul(tf.ones([outer, 1]), tf.reshape(x, [1, x.size])), [...shape]);
    }
    const isTrailing = sizeOf(from.slice(0, repeated[0])) === x.size;
    if (isTrailing) {
      return tf.reshape(tf.matMul(tf.reshape(x, [x.size, 1]), tf.ones([1, outer])), [...shape]);
    }
  }
  return tf.broadcastTo(x, [...shape]);
}
