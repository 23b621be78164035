/** @file The only file of this package that names the array library. */
import * as tf from "@tensorflow/tfjs-core";

/** An immutable array: tensorflow.js's. */
export type Tensor<R extends tf.Rank = tf.Rank> = tf.Tensor<R>;

/** The kinds of elements that samplers and initializers give. */
export type ElementType = "float32" | "int32" | "bool";

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
