/** @file Normalisation of each example over groups of channels, and over single channels. */
import { registerModule, NnxError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { type Axes, normalizeAxes, otherAxes } from "../axes.ts";
import { anything, axisList, axisListOrNull, checkLayerOptions, type OptionChecks } from "../options.ts";
import { broadcastTo, reshape, type Tensor } from "@nnxjs/kernels/internal";
import {
  AFFINE_CHECKS,
  AffineNorm,
  type AffineOptions,
  alongFeatures,
  checkNormInput,
  promoteAffine,
} from "./affine.ts";
import { checkNormCall, type NormCallOptions } from "./layer-norm.ts";
import { normAxes, quickNorm } from "./quick.ts";
import { moments, normalize } from "./statistics.ts";

/** Options of {@link GroupNorm}; the names are Flax's. */
export interface GroupNormOptions extends AffineOptions {
  /**
   * The number of groups. May also be passed before the options. @defaultValue 32, unless
   * `groupSize` is given
   */
  numGroups?: number | null;
  /** The number of channels in a group, instead of `numGroups`. */
  groupSize?: number | null;
  /**
   * The axes over which to compute statistics, besides the channels of a group.
   * @defaultValue all but the first and last
   */
  reductionAxes?: Axes | null;
}

/** Options of {@link InstanceNorm}; the names are Flax's. */
export interface InstanceNormOptions extends AffineOptions {
  /** The axes of the channels. The first axis cannot be one. @defaultValue -1 */
  featureAxes?: Axes;
}

const GROUP_NORM: OptionChecks<GroupNormOptions> = {
  ...AFFINE_CHECKS,
  numGroups: anything,
  groupSize: anything,
  reductionAxes: axisListOrNull,
};
const INSTANCE_NORM: OptionChecks<InstanceNormOptions> = { ...AFFINE_CHECKS, featureAxes: axisList };

/**
 * `(x - mean) / sqrt(var + epsilon) * scale + bias` with a mean and variance for each example and
 * group of channels.
 * @see Flax `nnx.GroupNorm`; Wu and He 2018, https://arxiv.org/abs/1803.08494
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const layer = new nnx.GroupNorm(64, 8, { rngs: new nnx.Rngs(0) }); // or groupSize in the options
 * const y = layer.forward(tf.randomNormal([4, 16, 16, 64]));
 * ```
 */
export class GroupNorm extends AffineNorm {
  readonly numGroups: number;
  readonly groupSize: number;
  readonly reductionAxes: Axes | null;

  /**
   * @param numGroups - The number of groups of channels. May also be passed in the options.
   * @throws NnxError when both `numGroups` and `groupSize` are given, or when the one that is given
   * does not divide `numFeatures`.
   */
  constructor(numFeatures: number, numGroups: number | null, options: GroupNormOptions);
  constructor(numFeatures: number, options: GroupNormOptions);
  constructor(numFeatures: number, ...rest: [number | null, GroupNormOptions] | [GroupNormOptions]) {
    const options = rest.at(-1) as GroupNormOptions;
    checkLayerOptions("GroupNorm", options, GROUP_NORM);
    // Check before anything is drawn.
    const numGroups = groupCount(
      numFeatures,
      rest.length === 2 ? rest[0] : options.numGroups,
      options.groupSize,
    );
    super("GroupNorm", numFeatures, options);
    this.numGroups = numGroups;
    this.groupSize = numFeatures / numGroups;
    this.reductionAxes = options.reductionAxes ?? null;
  }

  /**
   * @param x - `[batch, ..., numFeatures]`
   * @returns the same shape.
   * @throws NnxError when x has another number of features.
   */
  forward<T extends Tensor>(x: T, options?: NormCallOptions): T {
    const where = "GroupNorm.forward";
    const mask = checkNormCall(where, this, x, options);
    const last = x.rank - 1;
    checkNormInput(where, x, [last], this.numFeatures);
    const [inputs, scale, bias] = promoteAffine(this, x);
    const grouped = (values: Tensor): Tensor =>
      reshape(values, [...values.shape.slice(0, -1), this.numGroups, this.groupSize]);
    const axes =
      this.reductionAxes === null
        ? otherAxes([0, last], x.rank)
        : normalizeAxes(where, this.reductionAxes, x.rank);
    const { epsilon, useFastVariance } = this;
    const reduced = [...axes.filter((axis) => axis !== last), x.rank];
    const split = [...x.shape.slice(0, -1), this.numGroups, this.groupSize];
    const how = { axes: normAxes(split, reduced, [last, x.rank]), epsilon, useFastVariance, mask };
    const quick = quickNorm(inputs, scale, bias, how);
    // The rank is that of x, so the type T still holds.
    if (quick) return quick.y as T;
    const values = grouped(inputs);
    const statistics = moments(values, reduced, {
      mask: mask && grouped(broadcastTo(mask, x.shape)),
      useFastVariance,
    });
    const y = normalize(values, statistics, scale && grouped(scale), bias && grouped(bias), epsilon);
    return reshape(y, x.shape) as T;
  }
}

/**
 * The number of groups.
 * @throws NnxError when both options are given, or when the one that is given does not divide the
 * features.
 */
function groupCount(
  numFeatures: number,
  askedGroups: number | null | undefined,
  groupSize: number | null = null,
): number {
  const numGroups = askedGroups ?? (groupSize === null ? 32 : null);
  if ((numGroups === null) === (groupSize === null)) {
    throw new NnxError(
      `GroupNorm: expected either numGroups or groupSize, got ${describe(numGroups)} and ${describe(groupSize)}. Leave one out.`,
    );
  }
  const [name, divisor] = groupSize === null ? ["numGroups", numGroups as number] : ["groupSize", groupSize];
  if (!Number.isInteger(divisor) || divisor <= 0 || numFeatures % divisor !== 0) {
    throw new NnxError(
      `GroupNorm: expected ${name} to divide the ${numFeatures} features, got ${describe(divisor)}. Every group has the same size.`,
    );
  }
  return groupSize === null ? divisor : numFeatures / divisor;
}

/**
 * `(x - mean) / sqrt(var + epsilon) * scale + bias` with a mean and variance for each example and
 * channel.
 * @see Flax `nnx.InstanceNorm`; Ulyanov et al. 2016, https://arxiv.org/abs/1607.08022
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const layer = new nnx.InstanceNorm(3, { rngs: new nnx.Rngs(0) });
 * const y = layer.forward(tf.randomNormal([4, 16, 16, 3]));
 * ```
 */
export class InstanceNorm extends AffineNorm {
  readonly featureAxes: Axes;

  /** @throws NnxError for invalid sizes or dtypes. */
  constructor(numFeatures: number, options: InstanceNormOptions) {
    checkLayerOptions("InstanceNorm", options, INSTANCE_NORM);
    super("InstanceNorm", numFeatures, options);
    this.featureAxes = options.featureAxes ?? -1;
  }

  /**
   * @param x - `[batch, ...]` with `numFeatures` along `featureAxes`.
   * @returns the same shape.
   * @throws NnxError when x has another number of features, or the first axis is one of the feature
   * axes.
   */
  forward<T extends Tensor>(x: T, options?: NormCallOptions): T {
    const where = "InstanceNorm.forward";
    const mask = checkNormCall(where, this, x, options);
    const features = normalizeAxes(where, this.featureAxes, x.rank);
    if (features.includes(0)) {
      throw new NnxError(
        `${where}: expected featureAxes without the first axis, which is the batch, got [${features.join(", ")}] for ${describe(x)}. Leave it out for the last axis.`,
      );
    }
    checkNormInput(where, x, features, this.numFeatures);
    const [inputs, scale, bias] = promoteAffine(this, x);
    const axes = otherAxes([0, ...features], x.rank);
    const { epsilon, useFastVariance } = this;
    const how = { axes: normAxes(x.shape, axes, features), epsilon, useFastVariance, mask };
    const quick = quickNorm(inputs, scale, bias, how);
    // The rank is that of x, so the type T still holds.
    if (quick) return quick.y as T;
    const statistics = moments(inputs, axes, { mask, useFastVariance });
    const along = (vector: Tensor | null): Tensor | null => vector && alongFeatures(vector, x, features);
    return normalize(inputs, statistics, along(scale), along(bias), epsilon) as T;
  }
}

registerModule("GroupNorm", GroupNorm);
registerModule("InstanceNorm", InstanceNorm);
