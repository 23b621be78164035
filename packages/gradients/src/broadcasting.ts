/** @file Broadcasting and its transpose, in the form that each backend is quick at. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";

/** Whether two shapes are equal. */
export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);

/** The number of elements of a shape. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1);

/** The same values as another tensor object: `reshape` shares the data on every backend, `clone` copies on wasm. */
export const fresh = (x: Tensor): Tensor => tf.reshape(x, x.shape);

/** `shape` with ones in front, up to `rank`. */
const padded = (shape: readonly number[], rank: number): number[] => [
  ...Array<number>(rank - shape.length).fill(1),
  ...shape,
];

/**
 * Sums `x` over the axes that `shape` was broadcast along. The transpose of broadcasting.
 * @param x - Any shape that `shape` broadcasts to.
 * @returns A tensor of its own in `shape`.
 */
export function sumTo(x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(x.shape, shape)) return fresh(x);
  if (x.size === 0) return tf.zeros([...shape]);
  const from = padded(shape, x.rank);
  const axes = from.flatMap((size, axis) => (size === 1 && x.shape[axis] !== 1 ? [axis] : []));
  if (axes.length === 0) return tf.reshape(x, [...shape]);
  const last = axes.at(-1)!;
  const inner = sizeOf(x.shape.slice(last + 1));
  // Leading axes (a bias): as a product with ones; summing them is 10 to 20 times slower on cpu and wasm.
  if (inner > 1 && from.slice(0, last).every((size) => size === 1)) {
    const outer = x.size / inner;
    const ones = tf.ones([1, outer]);
    return tf.reshape(tf.matMul(ones, tf.reshape(x, [outer, inner])), [...shape]);
  }
  return tf.reshape(tf.sum(x, axes), [...shape]);
}

/**
 * Broadcasts `x` to `shape`.
 * @returns A tensor of its own.
 */
export function broadcast(x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(x.shape, shape)) return fresh(x);
  const size = sizeOf(shape);
  if (size === 0) return tf.zeros([...shape]);
  const from = padded(x.shape, shape.length);
  const repeated = from.flatMap((n, axis) => (n === 1 && shape[axis] !== 1 ? [axis] : []));
  if (repeated.length === 0) return tf.reshape(x, [...shape]);
  const backend = tf.getBackend();
  // wasm has a vectorised add and a slow tile; cpu the reverse, except for products with ones.
  if (backend === "wasm") return tf.add(tf.zeros([...shape]), x);
  if (backend === "cpu") {
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

/** `shape` with a 1 at each of `axes`. */
export const keepDims = (shape: readonly number[], axes: readonly number[]): number[] =>
  shape.map((size, axis) => (axes.includes(axis) ? 1 : size));

/** The axes of an attribute (a number, a list, null for all), none negative. */
export function axesOf(axis: number | readonly number[] | null | undefined, rank: number): number[] {
  if (axis === null || axis === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = typeof axis === "number" ? [axis] : axis;
  return list.map((a) => (a < 0 ? a + rank : a));
}
