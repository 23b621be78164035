/** @file Normalisation over the batch. */
import { registerModule, BatchStat, type ModeValues, NnxError, stopGradient } from "@nnxjs/nnx-core";
import { checkParam, checkTensor, describe } from "@nnxjs/nnx-core/internal";
import { type Axes, normalizeAxes, otherAxes } from "../axes.ts";
import { checkBroadcast } from "../checks.ts";
import { promoted } from "../dtypes.ts";
import {
  axisList,
  checkGiven,
  checkLayerOptions,
  flagOrNull,
  type OptionChecks,
  orNull,
  share,
} from "../options.ts";
import { add, mul, ones, reshape, type Tensor, zeros } from "@nnxjs/kernels/internal";
import {
  AFFINE_CHECKS,
  AffineNorm,
  type AffineOptions,
  alongFeatures,
  checkNormInput,
  checkScale,
} from "./affine.ts";
import { normAxes, quickNorm } from "./quick.ts";
import { type Moments, moments, normalize } from "./statistics.ts";

/** Options of {@link BatchNorm}; the names are Flax's. */
export interface BatchNormOptions extends AffineOptions {
  /**
   * Whether to use the stored statistics instead of the batch's. `null` leaves it to the call.
   * @defaultValue false
   */
  useRunningAverage?: boolean | null;
  /** The axis of the features. @defaultValue -1 */
  axis?: Axes;
  /** The weight of the stored statistics in each update. @defaultValue 0.99 */
  momentum?: number;
}

/** Options of a call; they take precedence over the layer's attributes. */
export interface BatchNormCallOptions {
  /** @defaultValue the layer's attribute */
  useRunningAverage?: boolean | null | undefined;
  /**
   * Bool, broadcastable to x. The statistics ignore elements where it is false.
   * @defaultValue all true
   */
  mask?: Tensor | null | undefined;
}

const OPTIONS: OptionChecks<BatchNormOptions> = {
  ...AFFINE_CHECKS,
  useRunningAverage: flagOrNull,
  axis: axisList,
  momentum: share,
};
const CALL: OptionChecks<BatchNormCallOptions> = {
  useRunningAverage: flagOrNull,
  mask: orNull(checkTensor),
};

/**
 * `(x - mean) / sqrt(var + epsilon) * scale + bias` with a mean and variance for each feature.
 * During training they are those of the batch. Training also updates stored averages: `momentum *
 * old + (1 - momentum) * batch`, with the variance divided by n. Afterwards the layer uses the
 * stored averages.
 * @see Flax `nnx.BatchNorm`; Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const layer = new nnx.BatchNorm(64, { rngs: new nnx.Rngs(0) });
 * const y = layer.forward(tf.randomNormal([32, 64])); // also updates layer.mean and layer.var
 * layer.eval(); // from now on by the stored averages
 * ```
 */
export class BatchNorm extends AffineNorm {
  /** What each mode does, for `viewInfo`. */
  static readonly modes: Readonly<Record<string, string>> = {
    useRunningAverage: "Use the stored statistics instead of the batch's.",
  };

  /** `[numFeatures]`, initially zeros. */
  readonly mean: BatchStat<Tensor>;
  /** `[numFeatures]`, initially ones. */
  readonly var: BatchStat<Tensor>;
  useRunningAverage: boolean | null;
  readonly axis: Axes;
  readonly momentum: number;

  /** @throws NnxError for invalid sizes or dtypes. */
  constructor(numFeatures: number, options: BatchNormOptions) {
    checkLayerOptions("BatchNorm", options, OPTIONS);
    const { useRunningAverage = false, axis = -1, momentum = 0.99 } = options;
    super("BatchNorm", numFeatures, options, 1e-5);
    this.mean = new BatchStat<Tensor>(zeros([numFeatures]));
    this.var = new BatchStat<Tensor>(ones([numFeatures]));
    this.useRunningAverage = useRunningAverage;
    this.axis = axis;
    this.momentum = momentum;
  }

  /**
   * @param x - Has `numFeatures` along `axis`.
   * @returns the same shape. Unless it uses the stored averages, the call updates them. No gradient
   * flows into them.
   * @throws NnxError when x has another number of features, or when neither call nor layer sets
   * `useRunningAverage`.
   */
  forward<T extends Tensor>(x: T, options?: BatchNormCallOptions): T {
    const where = "BatchNorm.forward";
    checkTensor(where, "x", x);
    checkGiven(where, options, CALL);
    checkScale(where, this);
    checkParam(where, "mean", this.mean.value, [this.numFeatures]);
    checkParam(where, "var", this.var.value, [this.numFeatures]);
    const { useRunningAverage, mask = null } = options ?? {};
    const stored = resolve(useRunningAverage, this.useRunningAverage);
    const features = normalizeAxes(where, this.axis, x.rank);
    checkNormInput(where, x, features, this.numFeatures);
    if (mask) checkBroadcast(where, "mask", mask, x.shape);
    const [inputs, mean, variance, scale, bias] = promoted(this, [
      x,
      this.mean.value,
      this.var.value,
      this.scale?.value ?? null,
      this.bias?.value ?? null,
    ]);
    const { epsilon, useFastVariance } = this;
    const reduced = otherAxes(features, x.rank);
    const axes = normAxes(x.shape, reduced, features);
    const quick = stored
      ? undefined
      : quickNorm(inputs, scale, bias, { axes, epsilon, useFastVariance, mask, withMoments: true });
    if (quick) {
      collect(this, quick.moments!);
      // The rank is that of x, so the type T still holds.
      return quick.y as T;
    }
    const along = (vector: Tensor): Tensor => alongFeatures(vector, x, features);
    const statistics: Moments = stored
      ? { mean: along(mean), variance: along(variance) }
      : moments(inputs, reduced, { mask, useFastVariance });
    if (!stored) collect(this, statistics);
    // The rank is that of x, so the type T still holds.
    return normalize(inputs, statistics, scale && along(scale), bias && along(bias), epsilon) as T;
  }

  /** Sets the modes that this layer has, and returns the others. */
  setMode({ useRunningAverage, ...rest }: ModeValues): ModeValues {
    if (typeof useRunningAverage === "boolean") this.useRunningAverage = useRunningAverage;
    return rest;
  }
}

/** Moves the stored averages towards the statistics of the batch. */
function collect(layer: BatchNorm, { mean, variance }: Moments): void {
  const { momentum, numFeatures } = layer;
  const mixed = (old: Tensor, batch: Tensor): Tensor =>
    stopGradient(add(mul(momentum, old), mul(1 - momentum, reshape(batch, [numFeatures]))));
  if (mean) layer.mean.value = mixed(layer.mean.value, mean);
  layer.var.value = mixed(layer.var.value, variance);
}

function resolve(call: boolean | null | undefined, own: boolean | null): boolean {
  const found = call ?? own;
  if (typeof found === "boolean") return found;
  throw new NnxError(
    `BatchNorm.forward: expected useRunningAverage to be true or false, got ${describe(found)}. ` +
      "Set it at construction, with train() or eval(), or pass { useRunningAverage } to forward.",
  );
}

registerModule("BatchNorm", BatchNorm);
