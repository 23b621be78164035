/** @file Adam, divided by how much gradients differ from their mean. */
import { beliefStep } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { type AdamState, directionWeights } from "./adam.ts";
import { byMoments } from "../one-pass.ts";
import { decay, flag, notNegative, type OptionTable, readOptions } from "../options.ts";
import { biasCorrection, means } from "../parts/running-mean.ts";
import { type Schedule, scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation } from "../transformation.ts";

/** Options of {@link adabelief} and {@link scaleByBelief}. */
export interface AdabeliefOptions {
  /** Decay of the mean of gradients, in `[0, 1)`. @defaultValue 0.9 */
  b1?: number;
  /** Decay of the mean of squared differences, in `[0, 1)`. @defaultValue 0.999 */
  b2?: number;
  /** Added to the root. @defaultValue 1e-16 */
  eps?: number;
  /** Added to the mean of squared differences in each step. @defaultValue 1e-16 */
  epsRoot?: number;
  /** As of {@link AdamOptions}. @defaultValue false */
  nesterov?: boolean;
}

const beliefTable: OptionTable<AdabeliefOptions> = {
  b1: decay(0.9),
  b2: decay(0.999),
  eps: notNegative(1e-16),
  epsRoot: notNegative(1e-16),
  nesterov: flag(false),
};

/**
 * AdaBelief's direction, without a learning rate.
 * @throws RangeError for options that cannot be.
 * @see `optax.scale_by_belief`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.scaleByBelief(), nnx.scaleByLearningRate(1e-3));
 * ```
 */
export const scaleByBelief: (options?: AdabeliefOptions) => GradientTransformation<AdamState> =
  registerFactory("tx.scaleByBelief", (options = {}) => {
    const { b1, b2, eps, epsRoot, nesterov } = readOptions("scaleByBelief", options, beliefTable);
    return byMoments<AdamState>({
      where: "scaleByBelief",
      rule: beliefStep,
      counter: "count",
      start: { mu: 0, nu: 0 },
      numbers: (t) => {
        const { mean, gradient } = directionWeights(b1, t, nesterov);
        return [...means(b1, b2), mean, gradient, 1 / biasCorrection(b2, t), epsRoot, eps];
      },
    });
  });

/**
 * AdaBelief: long steps where gradients are as expected, short ones where they are not.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see Zhuang et al. 2020, https://arxiv.org/abs/2010.07468; `optax.adabelief`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.adabelief(1e-3, { eps: 1e-8 });
 * ```
 */
export const adabelief: (
  learningRate: number | Schedule,
  options?: AdabeliefOptions,
) => GradientTransformation = registerFactory("tx.adabelief", (learningRate, options = {}) => {
  const given = readOptions("adabelief", options, beliefTable);
  return chain(scaleByBelief(given), scaleByLearningRate(learningRate));
});
