/** @file Where the largest elements of rows are, found by ops, so that no value is read. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { oneHotRows } from "./indexing.ts";
import { op } from "./op.ts";

/** The largest finite float32. */
const MOST = 3.4028234663852886e38;

/**
 * The positions of the largest elements of each row, largest first, and the first of equals before
 * others. NaN counts as larger than any number. It takes a pass over the rows for each position.
 * @param x - float32 `[rows, n]`.
 * @param count - From 1 to n.
 * @returns int32 `[rows, count]`.
 */
export const largestOf: (x: Tensor, count: number) => Tensor = /* @__PURE__ */ op(
  (x: Tensor, count: number) =>
    tf.tidy(() => {
      // Infinity is free for NaN then, and -Infinity for what was found.
      let left: Tensor = tf.where(tf.isNaN(x), Infinity, tf.clipByValue(x, -MOST, MOST));
      const found: Tensor[] = [];
      while (found.length < count) {
        if (found.length > 0)
          left = tf.where(tf.cast(oneHotRows(found.at(-1)!, x.shape[1]!), "bool"), -Infinity, left);
        found.push(tf.argMax(left, 1));
      }
      return tf.stack(found, 1);
    }),
);
