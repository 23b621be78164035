/** @file Axes in another order and shapes in another form, where they are not so already. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { sameShape } from "../shape.ts";

/** x with its axes in another order, or x itself when that is its order. */
export const arrange = (x: Tensor, order: readonly number[]): Tensor =>
  order.every((axis, i) => axis === i) ? x : tf.transpose(x, [...order]);

/** x in another shape, or x itself when it has this one. */
export const shaped = (x: Tensor, shape: readonly number[]): Tensor =>
  sameShape(x.shape, shape) ? x : tf.reshape(x, [...shape]);
