/** @file Values of tensors for the page. */
import * as tf from "@tensorflow/tfjs-core";

/** A matrix, row by row. */
export interface Matrix {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/** A copy of the values, which can be sent to another thread. */
export const matrixOf = (x: tf.Tensor): Matrix => {
  const [rows = 1, columns = 1] = x.shape;
  return { values: Float32Array.from(x.dataSync()), rows, columns };
};

/** The root of the mean of squares. */
export const rootMeanSquare = (x: tf.Tensor): number =>
  tf.tidy(() => tf.sqrt(tf.mean(tf.square(x))).dataSync()[0] as number);
