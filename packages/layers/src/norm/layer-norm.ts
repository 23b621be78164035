/** @file Normalisation of each example over its features. */
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
import { normAxes, quickNorm } from "./quick.ts";
import { moments, normalize } from "./statistics.ts";

/** Options of a call of a normalisation. */
export interface NormCallOptions {
  /**
   * Bool, broadcastable to x. The statistics ignore elements where it is false.
   * @defaultValue all true
   */
  mask?: Tensor | null | undefined;
}

const CALL: OptionChecks<NormCallOptions> = { mask: orNull(checkTensor) };

/** Checks the arguments of a call: input, options, scale and bias. Returns the mask. */
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
  /** The axes over which to compute statistics. @defaultValue -1 */
  reductionAxes?: Axes;
  /** The axes of scale and bias. @defaultValue -1 */
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
 * `(x - mean) / sqrt(var + epsilon) * scale + bias` with a mean and variance for each example.
 * @see Flax `nnx.LayerNorm`; Ba et al. 2016, https://arxiv.org/abs/1607.06450
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const layer = new nnx.LayerNorm(64, { rngs: new nnx.Rngs(0) });
 * const y = layer.forward(tf.randomNormal([32, 10, 64])); // rows of 64 with mean 0 and variance 1
 * ```
 */
export class LayerNorm extends AffineNorm {
  readonly reductionAxes: Axes;
  readonly featureAxes: Axes;

  /** @throws NnxError for invalid sizes or dtypes. */
  constructor(numFeatures: number, options: LayerNormOptions) {
    checkLayerOptions("LayerNorm", options, LAYER_NORM);
    super("LayerNorm", numFeatures, options);
    this.reductionAxes = options.reductionAxes ?? -1;
    this.featureAxes = options.featureAxes ?? -1;
  }

  /**
   * @param x - Has `numFeatures` along `featureAxes`.
   * @returns the same shape.
   * @throws NnxError when x has another number of features.
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
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const layer = new nnx.RMSNorm(64, { rngs: new nnx.Rngs(0) });
 * const y = layer.forward(tf.randomNormal([32, 64])); // every row has mean square 1
 * ```
 */
export class RMSNorm extends ScaleNorm {
  readonly reductionAxes: Axes;
  readonly featureAxes: Axes;

  /** @throws NnxError for invalid sizes or dtypes. */
  constructor(numFeatures: number, options: RMSNormOptions) {
    checkLayerOptions("RMSNorm", options, RMS_NORM);
    super("RMSNorm", numFeatures, options);
    this.reductionAxes = options.reductionAxes ?? -1;
    this.featureAxes = options.featureAxes ?? -1;
  }

  /**
   * @param x - Has `numFeatures` along `featureAxes`.
   * @returns the same shape.
   * @throws NnxError when x has another number of features.
   */
  forward<T extends Tensor>(x: T, options?: NormCallOptions): T {
    return overAxes("RMSNorm.forward", this, x, options);
  }
}

/** The `forward` of both layers: normalises over the layer's reduction axes. */
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
  const axes = normalizeAxes(where, reductionAxes, x.rank);
  const how = { axes: normAxes(x.shape, axes, features), epsilon, useFastVariance, useMean, mask };
  const quick = quickNorm(inputs, scale, bias, how);
  // The rank is that of x, so the type T still holds.
  if (quick) return quick.y as T;
  const statistics = moments(inputs, axes, { mask, useFastVariance, useMean });
  const along = (vector: Tensor | null): Tensor | null => vector && alongFeatures(vector, x, features);
  return normalize(inputs, statistics, along(scale), along(bias), epsilon) as T;
}

registerModule("LayerNorm", LayerNorm);
registerModule("RMSNorm", RMSNorm);
