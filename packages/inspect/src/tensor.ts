/** @file The only file of this package that imports the array library. */
import * as tf from "@tensorflow/tfjs-core";

export { isTensor, scalarOf, valuesOf } from "@nnxjs/kernels/internal";

/** An immutable array: tensorflow.js's. */
export type Tensor = tf.Tensor;

/** Few values of a large tensor, so that only these are read. */
export interface Sampled {
  /** Its sum: not finite if a value is not. */
  readonly sum: Tensor;
  /** Every n-th value. */
  readonly sample: Tensor;
  /** The values at given positions. */
  readonly frame: Tensor;
}

/** @param positions - Indices into the values in row-major order. */
export const sampled = (x: Tensor, stride: number, positions: Uint32Array): Sampled =>
  tf.tidy(() => {
    const flat = tf.reshape(x, [x.size]);
    return {
      sum: tf.sum(flat),
      sample: tf.stridedSlice(flat, [0], [x.size], [stride]),
      frame: tf.gather(flat, tf.tensor1d(Int32Array.from(positions), "int32")),
    };
  });
