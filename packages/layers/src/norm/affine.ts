/** @file What all normalisations share: a learned scale and bias. */
import { type Metadata, NnxError, type Param } from "@nnxjs/nnx-core";
import { checkParam, describe } from "@nnxjs/nnx-core/internal";
import { initializers, type Initializer, type Rngs } from "@nnxjs/rnglib";
import { checkSize } from "../checks.ts";
import { DtypeLayer } from "../dtype-layer.ts";
import { DTYPE_CHECKS, type DtypeOptions, promoted } from "../dtypes.ts";
import { checkRngs, flag, func, metadata, nonNegative, type OptionChecks } from "../options.ts";
import { allOrNothing, drawParam } from "../params.ts";
import { reshape, sizeOf, type Tensor } from "@nnxjs/kernels/internal";

/** Options of normalisations with a scale; the names are Flax's. */
export interface ScaleOptions extends DtypeOptions {
  /**
   * A source of keys. Its `params` stream gives the initial values: the scale's first, then the
   * bias's.
   */
  rngs: Rngs;
  /** @defaultValue true */
  useScale?: boolean;
  /** @defaultValue ones */
  scaleInit?: Initializer;
  /** Metadata of the scale's Param. */
  scaleMetadata?: Metadata;
  /** Added to the variance. @defaultValue 1e-6, for BatchNorm 1e-5 */
  epsilon?: number;
  /**
   * Whether to compute `E[x²] - E[x]²` instead of `E[(x - E[x])²]`. It takes one pass, and is less
   * exact when the mean is large.
   * @defaultValue true
   */
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

/** Checks of the options of normalisations with a scale. */
export const SCALE_CHECKS: OptionChecks<ScaleOptions> = {
  rngs: checkRngs,
  useScale: flag,
  scaleInit: func,
  scaleMetadata: metadata,
  epsilon: nonNegative,
  useFastVariance: flag,
  ...DTYPE_CHECKS,
};

/** Checks of the options of normalisations with scale and bias. */
export const AFFINE_CHECKS: OptionChecks<AffineOptions> = {
  ...SCALE_CHECKS,
  useBias: flag,
  biasInit: func,
  biasMetadata: metadata,
};

/** A normalisation with a scale. */
export abstract class ScaleNorm extends DtypeLayer {
  /** `[numFeatures]`. `null` without scale, which draws no key. */
  readonly scale: Param<Tensor> | null;
  readonly numFeatures: number;
  readonly epsilon: number;
  readonly useFastVariance: boolean;
  /** The initializer of the scale, which can draw it again. */
  readonly scaleInit: Initializer;

  constructor(name: string, numFeatures: number, options: ScaleOptions, defaultEpsilon = 1e-6) {
    super(options);
    const { rngs, useScale = true, scaleInit = initializers.ones, scaleMetadata } = options;
    const { epsilon = defaultEpsilon, useFastVariance = true } = options;
    checkSize(name, "numFeatures", numFeatures);
    this.scale = useScale
      ? drawParam(name, scaleInit, rngs, [numFeatures], this.paramDtype, scaleMetadata)
      : null;
    this.numFeatures = numFeatures;
    this.epsilon = epsilon;
    this.useFastVariance = useFastVariance;
    this.scaleInit = scaleInit;
  }
}

/** A normalisation with scale and bias. */
export abstract class AffineNorm extends ScaleNorm {
  /** `[numFeatures]`. `null` without bias, which draws no key. */
  readonly bias: Param<Tensor> | null;
  /** The initializer of the bias. */
  readonly biasInit: Initializer;

  constructor(name: string, numFeatures: number, options: AffineOptions, defaultEpsilon?: number) {
    super(name, numFeatures, options, defaultEpsilon);
    const { rngs, useBias = true, biasInit = initializers.zeros, biasMetadata } = options;
    this.bias = allOrNothing(this.scale)(() =>
      useBias ? drawParam(name, biasInit, rngs, [numFeatures], this.paramDtype, biasMetadata) : null,
    );
    this.biasInit = biasInit;
  }
}

/** The input, the scale and the bias, in the dtype in which the layer computes. */
export const promoteAffine = (
  layer: AffineNorm,
  x: Tensor,
): [x: Tensor, scale: Tensor | null, bias: Tensor | null] =>
  promoted(layer, [x, layer.scale?.value ?? null, layer.bias?.value ?? null]);

/** A vector of features along the feature axes of x, with size 1 elsewhere. */
export const alongFeatures = (vector: Tensor, x: Tensor, featureAxes: readonly number[]): Tensor =>
  reshape(
    vector,
    x.shape.map((n, axis) => (featureAxes.includes(axis) ? n : 1)),
  );

/** @throws NnxError unless scale and bias have their original shapes. */
export function checkScale(
  where: string,
  layer: ScaleNorm & { readonly bias?: Param<Tensor> | null },
  prefix = "",
): void {
  const { scale, bias, numFeatures } = layer;
  if (scale) checkParam(where, `${prefix}scale`, scale.value, [numFeatures]);
  if (bias) checkParam(where, `${prefix}bias`, bias.value, [numFeatures]);
}

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
