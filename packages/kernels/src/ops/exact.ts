/** @file Ops whose results in tensorflow.js differ from JAX's. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { cast, greater, less, maximum, minimum, sub, where } from "./ops.ts";

/** `x` within bounds; NaN stays NaN. */
export const clamp = (x: Tensor, low: number, high: number): Tensor => minimum(maximum(x, low), high);

const asNumbers = (x: Tensor): Tensor => (x.dtype === "float32" ? x : cast(x, "float32"));

/** −1, 0 or 1; NaN stays NaN. On a GPU `tf.sign` turns NaN into 0. */
export function sign(x: Tensor): Tensor {
  const signs = sub(asNumbers(greater(x, 0)), asNumbers(less(x, 0)));
  // Integers have no NaN, though wasm's kernel finds some in their bits.
  return x.dtype === "float32" ? where(tf.isNaN(x), x, signs) : signs;
}
