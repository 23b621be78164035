/** @file Masks as linear functions. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";

/**
 * Applies a linear function that is its own transpose. So its gradient is the same function of the
 * upstream gradient.
 */
export function selfAdjoint(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  return tf.customGrad((input) => ({
    value: f(input as Tensor),
    gradFunc: (dy: Tensor) => selfAdjoint(dy, f),
  }))(x);
}

/** `x * scale` where the mask is true, 0 elsewhere; the mask may broadcast. */
export const scaleWhere = (mask: Tensor, x: Tensor, scale: number): Tensor =>
  tf.where(tf.broadcastTo(mask, x.shape), tf.mul(x, scale), tf.zerosLike(x));
