/** @file Ops that tensorflow.js has, but whose numbers are not those of JAX. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { cast, greater, less, maximum, minimum, sub, where } from "./ops.ts";

/** `x` within bounds; NaN stays NaN. */
export const clamp = (x: Tensor, low: number, high: number): Tensor => minimum(maximum(x, low), high);

const asNumbers = (x: Tensor): Tensor => cast(x, "float32");

/** −1, 0 or 1; NaN stays NaN. `tf.sign` makes 0 of NaN, and on wasm also of what is below 1e-7. */
export function sign(x: Tensor): Tensor {
  const signs = sub(asNumbers(greater(x, 0)), asNumbers(less(x, 0)));
  return where(tf.isNaN(x), x, signs);
}
