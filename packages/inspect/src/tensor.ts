/** @file The only file of this package that imports the array library. */
import type * as tf from "@tensorflow/tfjs-core";

export { isTensor } from "@nnxjs/kernels/internal";

/** An immutable array: tensorflow.js's. */
export type Tensor = tf.Tensor;
