/** @file What fused kernels end with: a bias and an activation, by ops. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";

/** The inputs that this is about. */
export type FinishInput = "bias" | "preluActivationWeights";

/** The attributes. */
export interface FinishAttrs {
  readonly activation: string;
  readonly leakyreluAlpha?: number;
}

const activations: Readonly<Record<string, (z: Tensor, slope: Tensor, alpha: number) => Tensor>> = {
  linear: (z) => z,
  relu: (z) => tf.relu(z),
  relu6: (z) => tf.relu6(z),
  elu: (z) => tf.elu(z),
  sigmoid: (z) => tf.sigmoid(z),
  leakyrelu: (z, _slope, alpha) => tf.leakyRelu(z, alpha),
  prelu: (z, slope) => tf.prelu(z, slope),
};

/** Whether it is one of tensorflow.js's names of activations. */
export const isActivation = (name: string): boolean => activations[name] !== undefined;

/** Adds the bias to z, if there is one, and applies the activation. */
export function finish(
  z: Tensor,
  inputs: Readonly<Record<FinishInput, TensorInfo>>,
  { activation, leakyreluAlpha = 0.2 }: FinishAttrs,
): Tensor {
  const activate = activations[activation];
  if (!activate) throw new Error(`kernels: expected an activation of tensorflow.js, got "${activation}".`);
  // The engine passes tensors, although the types promise only what a backend needs of them. The
  // bias may be left out.
  const { bias, preluActivationWeights } = inputs as unknown as Record<FinishInput, Tensor | undefined>;
  return activate(bias ? tf.add(z, bias) : z, preluActivationWeights!, leakyreluAlpha);
}
