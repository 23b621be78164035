/** @file The transpose of gathering rows. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";

/**
 * Adds rows into zeros: `out[ids[i]] += rows[i]`. This uses `scatterND`, which every backend has.
 * @param rows - `[n, ...]`.
 * @param ids - int32 `[n]`.
 * @returns `[count, ...]`.
 */
export function addRows(rows: Tensor, ids: Tensor, count: number): Tensor {
  const [n, ...rest] = rows.shape as [number, ...number[]];
  if (rows.size === 0 || count === 0) return tf.zeros([count, ...rest]);
  return tf.scatterND(tf.reshape<tf.Rank>(ids, [n, 1]), rows, [count, ...rest]);
}
