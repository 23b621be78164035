/** @file Slices by position, and one-hot rows. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { op } from "./op.ts";

/** The slices of x at the given positions along an axis. */
export const gather = (x: Tensor, positions: readonly number[], axis = 0): Tensor =>
  gatherAt(x, tf.tensor1d([...positions], "int32"), axis);

/** The slices of x along an axis, at the positions in a tensor. */
export const gatherAt: (x: Tensor, positions: Tensor, axis?: number) => Tensor = /* @__PURE__ */ op(
  tf.gather,
);

/** One row per id: 1 at the id and 0 elsewhere. Ids outside `[0, depth)` give a row of zeros. */
export const oneHotRows = (ids: Tensor, depth: number): Tensor =>
  // `tf.oneHot` refuses a depth below 2.
  depth > 1 ? tf.oneHot(ids, depth) : tf.slice(tf.oneHot(ids, 2), [0, 0], [ids.size, depth]);
