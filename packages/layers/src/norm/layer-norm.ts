/** @file Normalising over the features of each example. */
import { registerModule } from "@nnxjs/nnx-core";
import { checkTensor } from "@nnxjs/nnx-core/internal";
import { type Axes, normalizeAxes } from "../axes.ts";
import { checkBroadcast } from "../checks.ts";
import { promoted } from "../dtypes.ts";
import { axisList, checkGiven, checkLayerOptions, type OptionChecks, orNull } from "../options.ts";
import type { Tensor } from "@nnxjs/kernels/internal";
import {
  AFFINE_CHECKS,
  AffineNorm,
  type AffineOptions,
  alongFeatures,
  checkNormInput,
  checkScale,
  promoteAffine,
  SCALE_CHECKS,
  ScaleNorm,
  type ScaleOptions,
} from "./affine.ts";
import { fusedRows } from "./fused-rows.ts";
import { moments, normalize } from "./statistics.ts";

/** Options of a call of a normalisation. */
export interface NormCallOptions {
  /**
   * Bool, broadcastable to x: elements where it is false do not count for the statistics.
   * @defaultValue all count
   */
  mask?: Tensor | null;
}

const CALL: OptionChecks<NormCallOptions> = { mask: orNull(checkTensor) };

/**
 * What a call without statistics of its own checks first: input, options, scale and bias. Returns
 * the mask.
 */
export function checkNormCall(
  where: string,
  layer: ScaleNorm,
  x: Tensor,
  options: NormCallOptions | undefined,
): Tensor | null {
  checkTensor(where, "x", x);
  checkGiven(where, options, CALL);
  checkScale(where, layer);
  const mask = options?.mask ?? null;
  if (mask) checkBroadcast(where, "mask", mask, x.shape);
  return mask;
}

interface NormAxes {
  /** Over which axes the statistics are taken. @defaultValue -1 */
  reductionAxes?: Axes;
  /** Along which axes scale and bias go. @defaultValue -1 */
  featureAxes?: Axes;
}

/** Options of {@link LayerNorm}; the names are Flax's. */
export interface LayerNormOptions extends AffineOptions, NormAxes {}

/** Options of {@link RMSNorm}; the names are Flax's. */
export interface RMSNormOptions extends ScaleOptions, NormAxes {}

const AXES_CHECKS: OptionChecks<NormAxes> = { reductionAxes: axisList, featureAxes: axisList };
const LAYER_NORM: OptionChecks<LayerNormOptions> = { ...AFFINE_CHECKS, ...AXES_CHECKS };
const RMS_NORM: OptionChecks<RMSNormOptions> = { ...SCALE_CHECKS, ...AXES_CHECKS };

/**
 * `(x - mean) / sqrt(var + epsilon) * scale + bias` with mean and variance of each example.
 * @see Flax `nnx.LayerNorm`; Ba et al. 2016, https://arxiv.org/abs/1607.06450
 * @example
 * ```ts
 * const layer = new nnx.LayerNorm(64, { rngs: new nnx.Rngs(0) });
 * const y = layer.forward(tf.randomNormal([32, 10, 64])); // every row of 64 has mean 0 and variance 1
 * ```
 */
export class LayerNorm extends AffineNorm {
  readonly reductionAxes: Axes;
  readonly featureAxes: Axes;

  /** @throws NnxError for sizes or dtypes that cannot be. */
  constructor(numFeatures: number, options: LayerNormOptions) {
    checkLayerOptions("LayerNorm", options, LAYER_NORM);
    super("LayerNorm", numFeatures, options);
    this.reductionAxes = options.reductionAxes ?? -1;
    this.featureAxes = options.featureAxes ?? -1;
  }

  /**
   * @param x - Has `numFeatures` along `featureAxes`.
   * @returns the same shape.
   * @throws NnxError when x has other features.
   */
  forward<T extends Tensor>(x: T, options?: NormCallOptions): T {
    return overAxes("LayerNorm.forward", this, x, options);
  }
}

/**
 * `x / sqrt(mean(x²) + epsilon) * scale`: LayerNorm without mean and bias.
 * @see Flax `nnx.RMSNorm`; Zhang and Sennrich 2019, https://arxiv.org/abs/1910.07467
 * @example
 * ```ts
 * const layer = new nnx.RMSNorm(64, { rngs: new nnx.Rngs(0) });
 * const y = layer.forward(tf.randomNormal([32, 64])); // every row has mean square 1
 * ```
 */
export class RMSNorm extends ScaleNorm {
  readonly reductionAxes: Axes;
  readonly featureAxes: Axes;

  /** @throws NnxError for sizes or dtypes that cannot be. */
  constructor(numFeatures: number, options: RMSNormOptions) {
    checkLayerOptions("RMSNorm", options, RMS_NORM);
    super("RMSNorm", numFeatures, options);
    this.reductionAxes = options.reductionAxes ?? -1;
    this.featureAxes = options.featureAxes ?? -1;
  }

  /**
   * @param x - Has `numFeatures` along `featureAxes`.
   * @returns the same shape.
   * @throws NnxError when x has other features.
   */
  forward<T extends Tensor>(x: T, options?: NormCallOptions): T {
    return overAxes("RMSNorm.forward", this, x, options);
  }
}

/** The forward of both: normalises over the layer's reduction axes. */
function overAxes<T extends Tensor>(
  where: string,
  layer: LayerNorm | RMSNorm,
  x: T,
  options: NormCallOptions | undefined,
): T {
  const mask = checkNormCall(where, layer, x, options);
  const { reductionAxes, featureAxes, epsilon, useFastVariance, numFeatures } = layer;
  const features = normalizeAxes(where, featureAxes, x.rank);
  const useMean = layer instanceof AffineNorm;
  if (layer.scale || (useMean && layer.bias)) checkNormInput(where, x, features, numFeatures);
  const [inputs, scale, bias = null] = useMean
    ? promoteAffine(layer, x)
    : promoted(layer, [x, layer.scale?.value ?? null]);
  const rows = { reductionAxes, featureAxes, epsilon, useMean, mask };
  // Same rank as the input, and so the type that says it.
  const fused = fusedRows(inputs, scale, bias, rows) as T | undefined;
  if (fused) return fused;
  const axes = normalizeAxes(where, reductionAxes, x.rank);
  const statistics = moments(inputs, axes, { mask, useFastVariance, useMean });
  const along = (vector: Tensor | null): Tensor | null => vector && alongFeatures(vector, x, features);
  return normalize(inputs, statistics, along(scale), along(bias), epsilon) as T;
}

registerModule("LayerNorm", LayerNorm);
registerModule("RMSNorm", RMSNorm);
