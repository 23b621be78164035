/** @file The only file of this package that names the array library. */
import { isRecording } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";

/** An immutable array: tensorflow.js's. */
export type Tensor<R extends tf.Rank = tf.Rank> = tf.Tensor<R>;

export const isTensor = (x: unknown): x is Tensor => x instanceof tf.Tensor;

export const add: typeof tf.add = tf.add;
export const broadcastTo: typeof tf.broadcastTo = tf.broadcastTo;
export const cast: typeof tf.cast = tf.cast;
export const mul: typeof tf.mul = tf.mul;
export const relu: typeof tf.relu = tf.relu;
export const reshape: typeof tf.reshape = tf.reshape;
export const stack: typeof tf.stack = tf.stack;
export const unstack: typeof tf.unstack = tf.unstack;
export const zerosLike: typeof tf.zerosLike = tf.zerosLike;

/**
 * `a @ b + bias` as one kernel. Called directly because `tf.fused.matMul` brings a gradient of its own, which asks for the transposed
 * products that are slow on wasm.
 */
export function fusedMatMul(a: Tensor, b: Tensor, bias: Tensor | null): Tensor {
  if (isRecording())
    return bias
      ? tf.add(tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D), bias)
      : tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D);
  const [rows = 0, inner = 0] = a.shape;
  const columns = b.shape[1] ?? 0;
  // The wasm kernel reads shapes of rank 3.
  const inputs = {
    a: tf.reshape(a, [1, rows, inner]),
    b: tf.reshape(b, [1, inner, columns]),
    ...(bias ? { bias } : {}),
  };
  const attributes = { transposeA: false, transposeB: false, activation: "linear" };
  const product: Tensor = tf.engine().runKernel("_FusedMatMul", inputs, attributes);
  return tf.reshape(product, [rows, columns]);
}

export const matMul = (a: Tensor, b: Tensor): Tensor => tf.matMul(a, b);
