/** @file Normalisation by mean and variance, on the kernels of own/normalize.ts. */
import * as tf from "@tensorflow/tfjs-core";
import type { KernelConfig, Tensor } from "@tensorflow/tfjs-core";
import type { NormAttrs } from "../own/norm-layout.ts";
import { normKernelNames } from "../own/normalize.ts";
import { installKernels, useKernels } from "../registry.ts";
import { normalisations } from "../topics/rows.ts";

function run(kernelName: string, inputs: Record<string, Tensor>, attrs: NormAttrs): Tensor[] | undefined {
  installKernels();
  // `getKernel` is typed as if every kernel existed. It returns undefined where none is registered.
  const registered = tf.getKernel(kernelName, tf.getBackend()) as KernelConfig | undefined;
  if (!registered) return undefined;
  const results = tf.engine().runKernel<Tensor | Tensor[]>(kernelName, inputs, { ...attrs });
  return Array.isArray(results) ? results : [results];
}

/**
 * `(x - mean) * (scale / sqrt(variance + epsilon)) + bias`, and with `withMoments` means and
 * variances, `[outer * groups]`, from which no gradient flows.
 * @param x - Float32, as scale and bias. Its layout is in the attributes.
 * @returns `undefined` where the backend does not have the kernel.
 */
export const normalizeOf = (
  x: Tensor,
  scale: Tensor | null,
  bias: Tensor | null,
  attrs: NormAttrs,
): Tensor[] | undefined => {
  useKernels(normalisations);
  return run(normKernelNames.normalize, { x, ...(scale && { scale }), ...(bias && { bias }) }, attrs);
};

/** The gradients of {@link normalizeOf} for x, scale and bias. */
export const normalizeBackOf = (
  x: Tensor,
  dy: Tensor,
  scale: Tensor | null,
  attrs: NormAttrs,
): Tensor[] | undefined => run(normKernelNames.normalizeBack, { x, dy, ...(scale && { scale }) }, attrs);
