/** @file The learned scale and bias of normalisations. */
import { describe, type Metadata, NnxError, type Param } from "@nnxjs/nnx-core";
import { initializers, type Initializer, type Rngs } from "@nnxjs/rnglib";
import { sizeOf } from "../axes.ts";
import { checkSize } from "../checks.ts";
import { checkFloat, type FloatDtype, type PromoteDtype, promoteDtype } from "../linear/dot-general.ts";
import { type DtypeOptions, drawParam } from "../params.ts";
import { reshape, type Tensor } from "../tensor.ts";

/** Options of normalisations with a scale; the names are Flax's. */
export interface ScaleOptions extends DtypeOptions {
  /** Whose `params` stream the initial values are drawn from: the scale's first, then the bias's. */
  rngs: Rngs;
  /** @defaultValue true */
  useScale?: boolean;
  /** @defaultValue ones */
  scaleInit?: Initializer;
  /** Metadata of the scale's Param. */
  scaleMetadata?: Metadata;
  /** `E[x²] - E[x]²` rather than `E[(x - E[x])²]`: one pass, less exact when the mean is large. @defaultValue true */
  useFastVariance?: boolean;
}

/** Options of normalisations with scale and bias; the names are Flax's. */
export interface AffineOptions extends ScaleOptions {
  /** @defaultValue true */
  useBias?: boolean;
  /** @defaultValue zeros */
  biasInit?: Initializer;
  /** Metadata of the bias's Param. */
  biasMetadata?: Metadata;
}

/** What all normalisations keep of their options. */
export interface NormConfig {
  readonly useFastVariance: boolean;
  readonly dtype: FloatDtype | null;
  readonly paramDtype: FloatDtype;
  readonly promoteDtype: PromoteDtype;
  readonly scaleInit: Initializer;
  readonly biasInit: Initializer;
}

export function normConfig(where: string, options: AffineOptions): NormConfig {
  const { dtype = null, paramDtype = "float32", useFastVariance = true } = options;
  checkFloat(where, "dtype", dtype);
  checkFloat(where, "paramDtype", paramDtype);
  const { scaleInit = initializers.ones, biasInit = initializers.zeros } = options;
  return {
    useFastVariance,
    dtype,
    paramDtype,
    promoteDtype: options.promoteDtype ?? promoteDtype,
    scaleInit,
    biasInit,
  };
}

/** The scale, or `null` where the options want none; without one no key is drawn. */
export function drawScale(where: string, numFeatures: number, options: ScaleOptions): Param<Tensor> | null {
  checkSize(where, "numFeatures", numFeatures);
  const { rngs, useScale = true, scaleInit = initializers.ones, paramDtype = "float32" } = options;
  return useScale ? drawParam(scaleInit, rngs, [numFeatures], paramDtype, options.scaleMetadata) : null;
}

/** The bias, or `null` where the options want none. */
export function drawBias(numFeatures: number, options: AffineOptions): Param<Tensor> | null {
  const { rngs, useBias = true, biasInit = initializers.zeros, paramDtype = "float32" } = options;
  return useBias ? drawParam(biasInit, rngs, [numFeatures], paramDtype, options.biasMetadata) : null;
}

/** A vector of features along the feature axes of x, with size 1 elsewhere. */
export const alongFeatures = (vector: Tensor, x: Tensor, featureAxes: readonly number[]): Tensor =>
  reshape(
    vector,
    x.shape.map((n, axis) => (featureAxes.includes(axis) ? n : 1)),
  );

/** @throws NnxError unless the feature axes of x have `numFeatures` elements. */
export function checkNormInput(
  where: string,
  x: Tensor,
  featureAxes: readonly number[],
  numFeatures: number,
): void {
  const found = sizeOf(featureAxes.map((axis) => x.shape[axis] as number));
  if (found === numFeatures) return;
  throw new NnxError(
    `${where}: expected ${numFeatures} features along axis ${featureAxes.join(" and ")} for a scale of shape [${numFeatures}], ` +
      `got ${describe(x)}. Check numFeatures, and which axis holds the features.`,
  );
}
