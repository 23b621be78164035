/** @file Adam whose mean of squares moves by steps of bounded size. */
import { add, div, mul, sign, sqrt, square, sub } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import type { AdamState } from "./adam.ts";
import { byMoments, type Rule } from "./one-pass.ts";
import { decay, notNegative, type OptionTable, positive, readOptions } from "../options.ts";
import { biasCorrection, runningMean } from "../parts/running-mean.ts";
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
 */
export const scaleByYogi: (options?: ScaleByYogiOptions) => GradientTransformation<AdamState> =
  registerFactory("tx.scaleByYogi", (options = {}) => {
    const given = readOptions("scaleByYogi", options, scaleByYogiTable);
    const start = given.initialAccumulatorValue;
    return byMoments<AdamState, "count">({
      where: "scaleByYogi",
      counter: "count",
      start: { mu: start, nu: start },
      step: (t) => yogiRule(given, biasCorrection(given.b1, t), biasCorrection(given.b2, t)),
    });
  });

function yogiRule({ b1, b2, eps, epsRoot }: Required<ScaleByYogiOptions>, c1: number, c2: number): Rule {
  return {
    plain: (g, m, v) => {
      const mu = runningMean(b1, m, g);
      const squares = square(g);
      const nu = sub(v, mul(mul(sign(sub(v, squares)), 1 - b2), squares));
      return [div(div(mu, c1), add(sqrt(add(div(nu, c2), epsRoot)), eps)), mu, nu];
    },
    loop: (gs, ms, vs, us, mus, nus) => {
      for (let i = 0; i < gs.length; i++) {
        const g = gs[i] as number;
        const v = vs[i] as number;
        const squared = Math.fround(g * g);
        const mu = b1 * (ms[i] as number) + (1 - b1) * g;
        const nu = v - (1 - b2) * Math.sign(v - squared) * squared;
        mus[i] = mu;
        nus[i] = nu;
        us[i] = mu / c1 / (Math.sqrt(nu / c2 + epsRoot) + eps);
      }
    },
  };
}

/**
 * Yogi: the mean of squares moves by `(1 - b2) * g²` towards `g²`, so that the step length grows
 * slowly.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see Zaheer et al. 2018, https://proceedings.neurips.cc/paper/2018/file/90365351ccc7437a1309dc64e4db32a3-Paper.pdf;
 * `optax.yogi`
 * @example
 * ```ts
 * const tx = nnx.yogi(0.01);
 * ```
 */
export const yogi: (learningRate: number | Schedule, options?: YogiOptions) => GradientTransformation =
  registerFactory("tx.yogi", (learningRate, options = {}) => {
    const given = readOptions("yogi", options, yogiTable);
    return chain(scaleByYogi(given), scaleByLearningRate(learningRate));
  });
