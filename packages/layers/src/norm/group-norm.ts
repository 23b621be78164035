/** @file Normalising over groups of channels, and over each channel, of each example. */
import { registerModule, describe, Module, NnxError, type Param } from "@nnxjs/nnx-core";
import type { Initializer } from "@nnxjs/rnglib";
import { type Axes, normalizeAxes, otherAxes } from "../axes.ts";
import type { FloatDtype, PromoteDtype } from "../linear/dot-general.ts";
import { broadcastTo, reshape, type Tensor } from "../tensor.ts";
import {
  type AffineOptions,
  alongFeatures,
  checkNormInput,
  drawBias,
  drawScale,
  normConfig,
} from "./affine.ts";
import type { NormCallOptions } from "./layer-norm.ts";
import { moments, normalize } from "./statistics.ts";

/** Options of {@link GroupNorm}; the names are Flax's. */
export interface GroupNormOptions extends AffineOptions {
  /** May stand in front of the options instead. @defaultValue 32, unless `groupSize` is given */
  numGroups?: number | null;
  /** How many channels a group has, instead of `numGroups`. */
  groupSize?: number | null;
  /** Added to the variance. @defaultValue 1e-6 */
  epsilon?: number;
  /** Over which axes the statistics are taken, beside the channels of a group. @defaultValue all but the first and last */
  reductionAxes?: Axes | null;
}

/** Options of {@link InstanceNorm}; the names are Flax's. */
export interface InstanceNormOptions extends AffineOptions {
  /** Added to the variance. @defaultValue 1e-6 */
  epsilon?: number;
  /** The axes of the channels; not the first. @defaultValue -1 */
  featureAxes?: Axes;
}

/**
 * `(x - mean) / sqrt(var + epsilon) * scale + bias` with mean and variance of each example and group of channels.
 * @see Flax `nnx.GroupNorm`; Wu and He 2018, https://arxiv.org/abs/1803.08494
 * @example
 * ```ts
 * const layer = new nnx.GroupNorm(64, 8, { rngs: new nnx.Rngs(0) }); // or { groupSize: 8 } among the options
 * const y = layer.forward(tf.randomNormal([4, 16, 16, 64]));
 * ```
 */
export class GroupNorm extends Module {
  /** `[numFeatures]`, or `null`. */
  readonly scale: Param<Tensor> | null;
  /** `[numFeatures]`, or `null`. */
  readonly bias: Param<Tensor> | null;
  readonly numFeatures: number;
  readonly numGroups: number;
  readonly groupSize: number;
  readonly epsilon: number;
  readonly reductionAxes: Axes | null;
  readonly useFastVariance: boolean;
  readonly dtype: FloatDtype | null;
  readonly paramDtype: FloatDtype;
  readonly promoteDtype: PromoteDtype;
  /** What the scale was drawn with, so that it can be drawn again. */
  readonly scaleInit: Initializer;
  /** What the bias was drawn with. */
  readonly biasInit: Initializer;

  /**
   * @param numGroups - How many groups of channels; may stand in the options instead.
   * @throws NnxError when both `numGroups` and `groupSize` are given, or the one that is does not divide `numFeatures`.
   */
  constructor(numFeatures: number, numGroups: number | null, options: GroupNormOptions);
  constructor(numFeatures: number, options: GroupNormOptions);
  constructor(numFeatures: number, ...rest: [number | null, GroupNormOptions] | [GroupNormOptions]) {
    super();
    const options = rest.at(-1) as GroupNormOptions;
    const { epsilon = 1e-6, reductionAxes = null, groupSize = null } = options;
    const config = normConfig("GroupNorm", options);
    const asked = (rest.length === 2 ? rest[0] : options.numGroups) ?? null;
    const numGroups = asked ?? (groupSize === null ? 32 : null);
    if ((numGroups === null) === (groupSize === null)) {
      throw new NnxError(
        `GroupNorm: expected either numGroups or groupSize, got ${describe(numGroups)} and ${describe(groupSize)}. Leave one out.`,
      );
    }
    const [name, divisor] =
      groupSize === null ? ["numGroups", numGroups as number] : ["groupSize", groupSize];
    if (!Number.isInteger(divisor) || divisor <= 0 || numFeatures % divisor !== 0) {
      throw new NnxError(
        `GroupNorm: expected ${name} to divide the ${numFeatures} features, got ${describe(divisor)}. Every group has the same size.`,
      );
    }
    this.scale = drawScale("GroupNorm", numFeatures, options);
    this.bias = drawBias(numFeatures, options);
    this.numFeatures = numFeatures;
    this.numGroups = groupSize === null ? divisor : numFeatures / divisor;
    this.groupSize = numFeatures / this.numGroups;
    this.epsilon = epsilon;
    this.reductionAxes = reductionAxes;
    this.useFastVariance = config.useFastVariance;
    this.dtype = config.dtype;
    this.paramDtype = config.paramDtype;
    this.promoteDtype = config.promoteDtype;
    this.scaleInit = config.scaleInit;
    this.biasInit = config.biasInit;
  }

  /**
   * @param x - `[batch, ..., numFeatures]`
   * @returns the same shape.
   * @throws NnxError when x has other features.
   */
  forward<T extends Tensor>(x: T, { mask = null }: NormCallOptions = {}): T {
    const where = "GroupNorm.forward";
    const last = x.rank - 1;
    checkNormInput(where, x, [last], this.numFeatures);
    const operands = [x, this.scale?.value ?? null, this.bias?.value ?? null];
    const promoted = this.promoteDtype(operands, { dtype: this.dtype });
    const [inputs, scale, bias] = promoted as [Tensor, Tensor | null, Tensor | null];
    const grouped = (values: Tensor): Tensor =>
      reshape(values, [...values.shape.slice(0, -1), this.numGroups, this.groupSize]);
    const axes =
      this.reductionAxes === null
        ? otherAxes([0, last], x.rank)
        : normalizeAxes(where, this.reductionAxes, x.rank);
    const values = grouped(inputs);
    const statistics = moments(values, [...axes.filter((axis) => axis !== last), x.rank], {
      mask: mask && grouped(broadcastTo(mask, x.shape)),
      useFastVariance: this.useFastVariance,
    });
    const y = normalize(values, statistics, scale && grouped(scale), bias && grouped(bias), this.epsilon);
    // Same rank as the input, and so the type that says it.
    return reshape(y, x.shape) as T;
  }
}

/**
 * `(x - mean) / sqrt(var + epsilon) * scale + bias` with mean and variance of each example and channel.
 * @see Flax `nnx.InstanceNorm`; Ulyanov et al. 2016, https://arxiv.org/abs/1607.08022
 * @example
 * ```ts
 * const layer = new nnx.InstanceNorm(3, { rngs: new nnx.Rngs(0) });
 * const y = layer.forward(tf.randomNormal([4, 16, 16, 3]));
 * ```
 */
export class InstanceNorm extends Module {
  /** `[numFeatures]`, or `null`. */
  readonly scale: Param<Tensor> | null;
  /** `[numFeatures]`, or `null`. */
  readonly bias: Param<Tensor> | null;
  readonly numFeatures: number;
  readonly epsilon: number;
  readonly featureAxes: Axes;
  readonly useFastVariance: boolean;
  readonly dtype: FloatDtype | null;
  readonly paramDtype: FloatDtype;
  readonly promoteDtype: PromoteDtype;
  /** What the scale was drawn with, so that it can be drawn again. */
  readonly scaleInit: Initializer;
  /** What the bias was drawn with. */
  readonly biasInit: Initializer;

  /** @throws NnxError for sizes or dtypes that cannot be. */
  constructor(numFeatures: number, options: InstanceNormOptions) {
    super();
    const { epsilon = 1e-6, featureAxes = -1 } = options;
    const config = normConfig("InstanceNorm", options);
    this.scale = drawScale("InstanceNorm", numFeatures, options);
    this.bias = drawBias(numFeatures, options);
    this.numFeatures = numFeatures;
    this.epsilon = epsilon;
    this.featureAxes = featureAxes;
    this.useFastVariance = config.useFastVariance;
    this.dtype = config.dtype;
    this.paramDtype = config.paramDtype;
    this.promoteDtype = config.promoteDtype;
    this.scaleInit = config.scaleInit;
    this.biasInit = config.biasInit;
  }

  /**
   * @param x - `[batch, ...]` with `numFeatures` along `featureAxes`.
   * @returns the same shape.
   * @throws NnxError when x has other features, or the first axis is one of the feature axes.
   */
  forward<T extends Tensor>(x: T, { mask = null }: NormCallOptions = {}): T {
    const where = "InstanceNorm.forward";
    const features = normalizeAxes(where, this.featureAxes, x.rank);
    if (features.includes(0)) {
      throw new NnxError(
        `${where}: expected featureAxes without the first axis, which is the batch, got [${features.join(", ")}] for ${describe(x)}.`,
      );
    }
    checkNormInput(where, x, features, this.numFeatures);
    const operands = [x, this.scale?.value ?? null, this.bias?.value ?? null];
    const promoted = this.promoteDtype(operands, { dtype: this.dtype });
    const [inputs, scale, bias] = promoted as [Tensor, Tensor | null, Tensor | null];
    const axes = otherAxes([0, ...features], x.rank);
    const statistics = moments(inputs, axes, { mask, useFastVariance: this.useFastVariance });
    const along = (vector: Tensor | null): Tensor | null => vector && alongFeatures(vector, x, features);
    // Same rank as the input, and so the type that says it.
    return normalize(inputs, statistics, along(scale), along(bias), this.epsilon) as T;
  }
}

registerModule("GroupNorm", GroupNorm);
registerModule("InstanceNorm", InstanceNorm);
