/** @file Slices and rows by position. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { op } from "./op.ts";

/** The slices of x at these positions along an axis. */
export const gather = (x: Tensor, positions: readonly number[], axis = 0): Tensor =>
  gatherAt(x, tf.tensor1d([...positions], "int32"), axis);

/** The slices of x at the positions that a tensor holds, along an axis. */
export const gatherAt: (x: Tensor, positions: Tensor, axis?: number) => Tensor = op(tf.gather);

/** One row of zeros and a one per id; ids outside `[0, depth)` give zeros. */
export const oneHotRows = (ids: Tensor, depth: number): Tensor =>
  // tensorflow.js takes two classes at least.
  depth > 1 ? tf.oneHot(ids, depth) : tf.slice(tf.oneHot(ids, 2), [0, 0], [ids.size, depth]);
