/** @file Dropout's masks. */
import * as tf from "@tensorflow/tfjs-core";
import type { KernelConfig, Tensor } from "@tensorflow/tfjs-core";
import { mendKernels } from "../mend-kernels.ts";
import { MASKED } from "../own/masks.ts";

/**
 * `where(mask, x * scale, 0)`, by one kernel on cpu and wasm. What is not kept is 0 even where x is
 * NaN.
 * @param x - float32.
 * @param mask - bool, of a shape that broadcasts to x's.
 */
export function masked(x: Tensor, mask: Tensor, scale: number): Tensor {
  mendKernels();
  const whole = tf.util.arraysEqual(mask.shape, x.shape) ? mask : tf.broadcastTo(mask, x.shape);
  // `getKernel` is typed as if every kernel existed.
  const registered = tf.getKernel(MASKED, tf.getBackend()) as KernelConfig | undefined;
  if (registered && x.dtype === "float32")
    return tf.engine().runKernel(MASKED, { x, mask: whole }, { scale });
  return tf.where(whole, tf.mul(x, scale), tf.zerosLike(x));
}
