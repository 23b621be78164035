/** @file Computes mean and variance, and normalises with them. */
import { add, maximum, mean as tfMean, mul, rsqrt, square, sub, type Tensor } from "@nnxjs/kernels/internal";
import { maskedMean } from "./masked-mean.ts";

/**
 * Mean and variance. The axes over which they were computed have size 1. A mean of `null` counts as
 * 0.
 */
export interface Moments {
  readonly mean: Tensor | null;
  readonly variance: Tensor;
}

/** Options of {@link moments}. */
export interface MomentsOptions {
  /** Elements where it is false are ignored. @defaultValue all true */
  readonly mask?: Tensor | null;
  /** Whether to compute the variance as `E[x²] - E[x]²`, at least 0. */
  readonly useFastVariance: boolean;
  /** If false, the mean counts as 0 and the variance is `E[x²]`. @defaultValue true */
  readonly useMean?: boolean;
}

/** Mean and (biased) variance over axes. @see Flax `nnx.nn.normalization` */
export function moments(
  x: Tensor,
  axes: number[],
  { mask = null, useFastVariance, useMean = true }: MomentsOptions,
): Moments {
  const average = (values: Tensor): Tensor =>
    mask ? maskedMean(values, axes, mask) : tfMean(values, axes, true);
  if (!useMean) return { mean: null, variance: average(square(x)) };
  const mean = average(x);
  if (!useFastVariance) return { mean, variance: average(square(sub(x, mean))) };
  return { mean, variance: maximum(sub(average(square(x)), square(mean)), 0) };
}

/** `(x - mean) * (scale / sqrt(variance + epsilon)) + bias`. Everything must broadcast to x. */
export function normalize(
  x: Tensor,
  { mean, variance }: Moments,
  scale: Tensor | null,
  bias: Tensor | null,
  epsilon: number,
): Tensor {
  const inverse = rsqrt(add(variance, epsilon));
  const factor = scale ? mul(inverse, scale) : inverse;
  const y = mul(mean ? sub(x, mean) : x, factor);
  return bias ? add(y, bias) : y;
}
