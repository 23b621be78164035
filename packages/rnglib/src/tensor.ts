/** @file The only file of this package that names the array library. */
import * as tf from "@tensorflow/tfjs-core";

/** An immutable array: tensorflow.js's. */
export type Tensor<R extends tf.Rank = tf.Rank> = tf.Tensor<R>;

interface RankOfLength {
  readonly 0: tf.Rank.R0;
  readonly 1: tf.Rank.R1;
  readonly 2: tf.Rank.R2;
  readonly 3: tf.Rank.R3;
  readonly 4: tf.Rank.R4;
  readonly 5: tf.Rank.R5;
  readonly 6: tf.Rank.R6;
}

/** A tensor with these axes: `Tensor2D` for two; of any rank when their number is not known. */
export type TensorOfAxes<A extends readonly unknown[]> = [A] extends [{ readonly length: infer N }]
  ? Tensor<N extends keyof RankOfLength ? RankOfLength[N] : tf.Rank>
  : Tensor;

/** The axes of a tensor as a tuple, as far as its type says how many there are. */
export type AxesOfTensor<T extends Tensor> = tf.Rank extends T["rankType"]
  ? readonly number[]
  : T["rankType"] extends tf.Rank.R0
    ? readonly []
    : Readonly<T["shape"]>;

/** The kinds of elements that samplers and initializers give. */
export type ElementType = "float32" | "int32" | "bool";

/** `x` as float32. */
export const asFloat = (x: Tensor): Tensor => (x.dtype === "float32" ? x : tf.cast(x, "float32"));

/** Whether `x` is a tensor. */
export const isTensor = (x: unknown): x is Tensor => x instanceof tf.Tensor;

/** A linear function of one tensor that is its own transpose: its gradient is the same function of the upstream one. */
export function selfAdjoint(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  return tf.customGrad((input) => ({
    value: f(input as Tensor),
    gradFunc: (dy: Tensor) => selfAdjoint(dy, f),
  }))(x);
}

/** `x * scale` where the mask is true, 0 elsewhere; the mask may broadcast. */
export const scaleWhere = (mask: Tensor, x: Tensor, scale: number): Tensor =>
  tf.where(tf.broadcastTo(mask, x.shape), tf.mul(x, scale), tf.zerosLike(x));
