/**
 * @file Selects elements. Like JAX, rules select a gradient instead of multiplying it by 0 or 1, so
 * that NaN and infinities do not spread.
 */
import { aboveOf, notNegativeOf, positiveOf } from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";

/**
 * `where` for three tensors of the same shape. `tf.where` would broadcast first, which copies each
 * tensor on wasm.
 */
export const select = (condition: Tensor, yes: Tensor, no: Tensor): Tensor =>
  tf.engine().runKernel("Select", { condition, t: yes, e: no });

/** True where x > 0, and false at NaN. */
export const positive = (x: Tensor): Tensor => positiveOf(x) ?? tf.greater(x, 0);

/** True where x >= 0, and false at NaN. */
export const notNegative = (x: Tensor): Tensor => notNegativeOf(x) ?? tf.greaterEqual(x, 0);

/** `dy` where the condition holds, 0 elsewhere. */
export const only = (condition: Tensor, dy: Tensor): Tensor => select(condition, dy, tf.zerosLike(dy));

/** 1 where the condition holds, 0 elsewhere. */
export const indicator = (condition: Tensor): Tensor => tf.cast(condition, "float32");

/**
 * 1 where a > b, 1/2 where they are equal, 0 elsewhere and at NaN. This is how JAX splits a
 * gradient at a tie.
 * @returns float32, in the broadcast shape.
 */
export function above(a: Tensor, b: Tensor | number): Tensor {
  const [x, y] = [tf.cast(a, "float32"), typeof b === "number" ? tf.scalar(b) : tf.cast(b, "float32")];
  return aboveOf(x, y) ?? tf.add(indicator(tf.greater(x, y)), tf.mul(0.5, indicator(tf.equal(x, y))));
}
