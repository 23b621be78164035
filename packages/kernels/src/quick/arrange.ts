/** @file Permutes or reshapes a tensor, unless it has that order or shape already. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { reshaped } from "../engine.ts";
import { sameShape } from "../shape.ts";

/** Permutes the axes of x. Returns x itself when the order is unchanged. */
export const arrange = (x: Tensor, order: readonly number[]): Tensor =>
  order.every((axis, i) => axis === i) ? x : tf.transpose(x, [...order]);

/** Reshapes x. Returns x itself when it has the shape already. */
export const shaped = (x: Tensor, shape: readonly number[]): Tensor =>
  sameShape(x.shape, shape) ? x : reshaped(x, shape);
