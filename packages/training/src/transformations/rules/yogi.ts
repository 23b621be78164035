/** @file Adam whose mean of squares moves by steps of bounded size. */
import { yogiStep } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import type { AdamState } from "./adam.ts";
import { byMoments } from "../one-pass.ts";
import { decay, notNegative, type OptionTable, positive, readOptions } from "../options.ts";
import { biasCorrection } from "../parts/running-mean.ts";
import { type Schedule, scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation } from "../transformation.ts";

/** Options of {@link yogi}. */
export interface YogiOptions {
  /** Decay of the mean of gradients, in `[0, 1)`. @defaultValue 0.9 */
  b1?: number;
  /** `1 - b2` is the share of a squared gradient by which their mean moves; in `[0, 1)`. @defaultValue 0.999 */
  b2?: number;
  /** Added to the root. @defaultValue 1e-3 */
  eps?: number;
}

/** Options of {@link scaleByYogi}. */
export interface ScaleByYogiOptions extends YogiOptions {
  /** Added under the root. @defaultValue 0 */
  epsRoot?: number;
  /** What both means are before the first step, above 0. @defaultValue 1e-6 */
  initialAccumulatorValue?: number;
}

const yogiTable: OptionTable<YogiOptions> = { b1: decay(0.9), b2: decay(0.999), eps: notNegative(1e-3) };
const scaleByYogiTable: OptionTable<ScaleByYogiOptions> = {
  ...yogiTable,
  epsRoot: notNegative(0),
  initialAccumulatorValue: positive(1e-6),
};

/**
 * Yogi's direction, without a learning rate.
 * @throws RangeError for options that cannot be.
 * @see `optax.scale_by_yogi`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.scaleByYogi(), nnx.scaleByLearningRate(1e-3));
 * ```
 */
export const scaleByYogi: (options?: ScaleByYogiOptions) => GradientTransformation<AdamState> =
  registerFactory("tx.scaleByYogi", (options = {}) => {
    const given = readOptions("scaleByYogi", options, scaleByYogiTable);
    const start = given.initialAccumulatorValue;
    const { b1, b2, eps, epsRoot } = given;
    return byMoments<AdamState>({
      where: "scaleByYogi",
      rule: yogiStep,
      counter: "count",
      start: { mu: start, nu: start },
      numbers: (t) => [
        b1,
        1 - b1,
        1 - b2,
        1 / biasCorrection(b1, t),
        1 / biasCorrection(b2, t),
        epsRoot,
        eps,
      ],
    });
  });

/**
 * Yogi: the mean of squares moves by `(1 - b2) * g²` towards `g²`, so that the step length grows
 * slowly.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see Zaheer et al. 2018, https://proceedings.neurips.cc/paper/2018/file/90365351ccc7437a1309dc64e4db32a3-Paper.pdf;
 * `optax.yogi`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.yogi(0.01);
 * ```
 */
export const yogi: (learningRate: number | Schedule, options?: YogiOptions) => GradientTransformation =
  registerFactory("tx.yogi", (learningRate, options = {}) => {
    const given = readOptions("yogi", options, yogiTable);
    return chain(scaleByYogi(given), scaleByLearningRate(learningRate));
  });
