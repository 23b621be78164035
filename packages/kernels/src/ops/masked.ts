/** @file Dropout's masks. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { MASKED } from "../own/masks.ts";
import { runOwn } from "../own/own-kernel.ts";
import { masks } from "../topics/choices.ts";
import { op } from "./op.ts";

/** {@link masked}, by the kernel where the program has it. */
export function presentMasked(x: Tensor, mask: Tensor, scale: number): Tensor {
  const whole = tf.util.arraysEqual(mask.shape, x.shape) ? mask : tf.broadcastTo(mask, x.shape);
  const byKernel = x.dtype === "float32" ? runOwn(MASKED, { x, mask: whole }, { scale }) : undefined;
  return byKernel ?? tf.where(whole, tf.mul(x, scale), tf.zerosLike(x));
}

/**
 * `where(mask, x * scale, 0)`, by one kernel. What is not kept is 0 even where x is
 * NaN.
 * @param x - float32.
 * @param mask - bool, of a shape that broadcasts to x's.
 */
export const masked: typeof presentMasked = /* @__PURE__ */ op(presentMasked, masks);
