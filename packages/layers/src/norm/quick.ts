/** @file Normalisation as one kernel. */
import { layNorm, type NormAxis, normalizeOf, type Tensor } from "@nnxjs/kernels/internal";
import type { Moments } from "./statistics.ts";

/** What {@link quickNorm} needs to know. */
export interface QuickNorm {
  /** The axes of x, in order. One that is the product of two may be listed as two. */
  readonly axes: readonly NormAxis[];
  readonly epsilon: number;
  readonly useFastVariance: boolean;
  /** If false, the mean counts as 0. @defaultValue true */
  readonly useMean?: boolean;
  /** @defaultValue none: every element counts */
  readonly mask?: Tensor | null;
  /**
   * Whether mean and variance are asked for; they have one number for each feature then, and no
   * gradient flows from them. @defaultValue false
   */
  readonly withMoments?: boolean;
}

/** The axes of a shape. */
export const normAxes = (
  shape: readonly number[],
  reduced: readonly number[],
  features: readonly number[],
): NormAxis[] =>
  shape.map((size, axis) => ({
    size,
    isReduced: reduced.includes(axis),
    isFeature: features.includes(axis),
  }));

/**
 * `(x - mean) / sqrt(variance + epsilon) * scale + bias`; `undefined` where it has to be made of
 * single ops: with a mask, along axes that lie in an unusual order, or on a backend without kernel.
 */
export function quickNorm(
  x: Tensor,
  scale: Tensor | null,
  bias: Tensor | null,
  how: QuickNorm,
): { y: Tensor; moments: Moments | undefined } | undefined {
  const { axes, epsilon, useFastVariance, useMean = true, mask, withMoments = false } = how;
  const vectors = [scale, bias].filter((vector) => vector !== null);
  // Of no elements, single ops have JAX's NaN.
  if (mask || x.size === 0 || [x, ...vectors].some(({ dtype }) => dtype !== "float32")) return undefined;
  // With moments, features are kept apart also where there is no scale.
  const laid = layNorm(axes, withMoments || vectors.length > 0);
  const results =
    laid &&
    normalizeOf(x, scale, bias, {
      ...laid.layout,
      byGroup: laid.byGroup,
      epsilon,
      usesMean: useMean,
      isFast: useFastVariance,
      withMoments,
    });
  if (!results) return undefined;
  const [y, mean, variance] = results as [Tensor, Tensor?, Tensor?];
  return { y, moments: mean && variance && { mean, variance } };
}
