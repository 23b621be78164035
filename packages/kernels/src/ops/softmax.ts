/** @file Ops on the kernels of rows. Each returns `undefined` where the backend does not have it. */
import * as tf from "@tensorflow/tfjs-core";
import type { KernelConfig, NamedAttrMap, Tensor } from "@tensorflow/tfjs-core";
import { mendKernels } from "../mend-kernels.ts";
import { type RowAttrs, softmaxKernelNames } from "../own/softmax.ts";

function run(kernelName: string, inputs: Record<string, Tensor>, attrs: RowAttrs): Tensor | undefined {
  mendKernels();
  // `getKernel` is typed as if every kernel existed. It returns undefined where none is registered.
  const registered = tf.getKernel(kernelName, tf.getBackend()) as KernelConfig | undefined;
  return registered && tf.engine().runKernel(kernelName, inputs, { ...attrs } as NamedAttrMap);
}

/** y (dy - Σ dy y) of the rows of a softmax y. */
export const softmaxBackOf = (y: Tensor, dy: Tensor, length: number): Tensor | undefined =>
  run(softmaxKernelNames.softmaxBack, { y, dy }, { length });

/** x - log(Σ e^x) of each row of `length` elements of float32. */
export const logSoftmaxOf = (logits: Tensor, length: number): Tensor | undefined =>
  run(softmaxKernelNames.logSoftmax, { logits }, { length });

/** dy - e^y Σ dy of the rows of a log-softmax y. */
export const logSoftmaxBackOf = (y: Tensor, dy: Tensor, length: number): Tensor | undefined =>
  run(softmaxKernelNames.logSoftmaxBack, { y, dy }, { length });

/** log(Σ e^x) of each row of `length` elements of float32: `[rows]`. */
export const logSumExpOf = (x: Tensor, length: number): Tensor | undefined =>
  run(softmaxKernelNames.logSumExp, { x }, { length });

/** dy e^x / Σ e^x with one number of dy for each row. */
export const logSumExpBackOf = (x: Tensor, dy: Tensor, length: number): Tensor | undefined =>
  run(softmaxKernelNames.logSumExpBack, { x, dy }, { length });

/**
 * The cross entropy of the softmax of each row and the class that its label names: `[rows]`.
 * @param logits - `[rows, classes]`, float32.
 * @param ids - `[rows]`, int32. Where one names no class the result is NaN.
 */
export const labelEntropyOf = (logits: Tensor, ids: Tensor): Tensor | undefined =>
  run(softmaxKernelNames.labelEntropy, { logits, ids }, { length: logits.shape[1]! });

/** The gradient of {@link labelEntropyOf} for the logits. */
export const labelEntropyBackOf = (logits: Tensor, ids: Tensor, dy: Tensor): Tensor | undefined =>
  run(softmaxKernelNames.labelEntropyBack, { logits, ids, dy }, { length: logits.shape[1]! });

/**
 * The cross entropy of the softmax of each row and a distribution: `[rows]`.
 * @param logits - `[rows, classes]`, float32.
 * @param labels - Float32 in the same shape.
 */
export const entropyOf = (logits: Tensor, labels: Tensor, skipsZeros: boolean): Tensor | undefined =>
  run(softmaxKernelNames.entropy, { logits, labels }, { length: logits.shape[1]!, skipsZeros });

/** The gradient of {@link entropyOf} for the logits. */
export const entropyBackOf = (logits: Tensor, labels: Tensor, dy: Tensor): Tensor | undefined =>
  run(softmaxKernelNames.entropyBack, { logits, labels, dy }, { length: logits.shape[1]! });
