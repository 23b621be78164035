/** @file Ops on the kernels of rows. Each returns `undefined` where the backend does not have it. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { runOwn } from "../own/own-kernel.ts";
import { type RowAttrs, softmaxKernelNames } from "../own/softmax.ts";
import { installKernels, useKernels } from "../registry.ts";
import { entropies, softmax } from "../topics/rows.ts";
import type { Topic } from "../topics/topic.ts";

/**
 * @param topic - What the program has from now on. Gradients have none: they run where a program has
 * the kernel already.
 */
function run(
  kernelName: string,
  inputs: Record<string, Tensor>,
  attrs: RowAttrs,
  topic?: Topic,
): Tensor | undefined {
  if (topic) useKernels(topic);
  installKernels();
  return runOwn(kernelName, inputs, { ...attrs });
}

/** y (dy - Σ dy y) of the rows of a softmax y. */
export const softmaxBackOf = (y: Tensor, dy: Tensor, length: number): Tensor | undefined =>
  run(softmaxKernelNames.softmaxBack, { y, dy }, { length });

/** x - log(Σ e^x) of each row of `length` elements of float32. */
export const logSoftmaxOf = (logits: Tensor, length: number): Tensor | undefined =>
  run(softmaxKernelNames.logSoftmax, { logits }, { length }, softmax);

/** {@link logSoftmaxOf}, where the program has its kernel. */
export const presentLogSoftmaxOf = (logits: Tensor, length: number): Tensor | undefined =>
  run(softmaxKernelNames.logSoftmax, { logits }, { length });

/** dy - e^y Σ dy of the rows of a log-softmax y. */
export const logSoftmaxBackOf = (y: Tensor, dy: Tensor, length: number): Tensor | undefined =>
  run(softmaxKernelNames.logSoftmaxBack, { y, dy }, { length });

/** log(Σ e^x) of each row of `length` elements of float32: `[rows]`. */
export const logSumExpOf = (x: Tensor, length: number): Tensor | undefined =>
  run(softmaxKernelNames.logSumExp, { x }, { length }, softmax);

/** {@link logSumExpOf}, where the program has its kernel. */
export const presentLogSumExpOf = (x: Tensor, length: number): Tensor | undefined =>
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
  run(softmaxKernelNames.labelEntropy, { logits, ids }, { length: logits.shape[1]! }, entropies);

/** The gradient of {@link labelEntropyOf} for the logits. */
export const labelEntropyBackOf = (logits: Tensor, ids: Tensor, dy: Tensor): Tensor | undefined =>
  run(softmaxKernelNames.labelEntropyBack, { logits, ids, dy }, { length: logits.shape[1]! });

/**
 * The cross entropy of the softmax of each row and a distribution: `[rows]`.
 * @param logits - `[rows, classes]`, float32.
 * @param labels - Float32 in the same shape.
 */
export const entropyOf = (logits: Tensor, labels: Tensor, skipsZeros: boolean): Tensor | undefined =>
  run(softmaxKernelNames.entropy, { logits, labels }, { length: logits.shape[1]!, skipsZeros }, entropies);

/** The gradient of {@link entropyOf} for the logits. */
export const entropyBackOf = (logits: Tensor, labels: Tensor, dy: Tensor): Tensor | undefined =>
  run(softmaxKernelNames.entropyBack, { logits, labels, dy }, { length: logits.shape[1]! });
