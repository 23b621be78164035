/** @file The only file of this package that names the array library. */
import * as tf from "@tensorflow/tfjs-core";

/** An immutable array: tensorflow.js's. */
export type Tensor<R extends tf.Rank = tf.Rank> = tf.Tensor<R>;

/** A float32 tensor that owns `values`. */
export const float32 = (values: Float32Array, shape: readonly number[]): Tensor =>
  tf.tensor(values, [...shape], "float32");

/** A bool tensor that owns `values`. */
export const bool = (values: Uint8Array, shape: readonly number[]): Tensor =>
  tf.tensor(values, [...shape], "bool");
