/** @file The only file of this package that names the array library. */
import * as tf from "@tensorflow/tfjs-core";

/** An immutable array: tensorflow.js's. */
export type Tensor = tf.Tensor;

type Operand = Tensor | number;

export const isTensor = (x: unknown): x is Tensor => x instanceof tf.Tensor;

/** Whether `x` is a tensor of the shape and dtype of `model`. */
export const isLike = (x: unknown, model: unknown): boolean =>
  isTensor(x) &&
  isTensor(model) &&
  x.dtype === model.dtype &&
  x.rank === model.rank &&
  x.shape.every((size, axis) => size === model.shape[axis]);

/**
 * The wasm backend's broadcasting kernels stop at this many axes, and leave what was in the memory.
 */
const maxRank = 6;

/** `a` has the result's shape; `b` has it too or is a scalar. So axes can be folded. */
const binary =
  (op: (a: Tensor, b: Operand) => Tensor) =>
  (a: Tensor, b: Operand): Tensor => {
    if (a.rank <= maxRank) return op(a, b);
    const flat = isTensor(b) && b.rank > 0 ? tf.reshape(b, [-1]) : b;
    return tf.reshape(op(tf.reshape(a, [-1]), flat), a.shape);
  };

export const add: (a: Tensor, b: Operand) => Tensor = binary(tf.add);
export const div: (a: Tensor, b: Operand) => Tensor = binary(tf.div);
export const mul: (a: Tensor, b: Operand) => Tensor = binary(tf.mul);
export const sub: (a: Tensor, b: Operand) => Tensor = binary(tf.sub);
const maximum = binary(tf.maximum);
const minimum = binary(tf.minimum);

export const addN: typeof tf.addN = tf.addN;
export const less: typeof tf.less = tf.less;
export const sqrt: (x: Tensor) => Tensor = tf.sqrt;
export const square: (x: Tensor) => Tensor = tf.square;
export const where: typeof tf.where = tf.where;
export const zerosLike: (x: Tensor) => Tensor = tf.zerosLike;

/**
 * `x` within bounds; NaN stays NaN, which `tf.clipByValue` makes the lower bound on the wasm
 * backend.
 */
export const clamp = (x: Tensor, low: number, high: number): Tensor => minimum(maximum(x, low), high);

const asNumbers = (x: Tensor): Tensor => tf.cast(x, "float32");

/**
 * −1, 0 or 1; NaN stays NaN. `tf.sign` makes 0 of NaN, and on the wasm backend also of what is
 * below 1e-7.
 */
export function sign(x: Tensor): Tensor {
  const signs = sub(asNumbers(tf.greater(x, 0)), asNumbers(tf.less(x, 0)));
  return tf.where(tf.isNaN(x), x, signs);
}

/** The sum of all elements; 0 without any, where the wasm backend leaves what was in the memory. */
export const sum = (x: Tensor): Tensor => (x.size === 0 ? tf.scalar(0) : tf.sum(x));

/**
 * Runs `f` and frees the tensors that it made and nobody holds. Its result is not looked into: it
 * may be deep.
 */
export function inScope<R>(f: () => R): R {
  const results: R[] = [];
  tf.tidy(() => {
    results.push(f());
  });
  return results[0] as R;
}
