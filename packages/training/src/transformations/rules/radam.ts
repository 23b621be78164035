/** @file Adam that divides only once the mean of squares can be trusted. */
import { radamStep } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { type AdamOptions, type AdamState, adamTable, directionWeights } from "./adam.ts";
import { byMoments } from "../one-pass.ts";
import { type Option, type OptionTable, readOptions, refuse } from "../options.ts";
import { biasCorrection, means } from "../parts/running-mean.ts";
import { type Schedule, scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation } from "../transformation.ts";

/** Options of {@link radam} and {@link scaleByRadam}. */
export interface RAdamOptions extends AdamOptions {
  /**
   * How many gradients the mean of squares must stand for before it is divided by, 4 or more.
   * @defaultValue 5
   */
  threshold?: number;
}

const threshold: Option<number> = {
  standard: 5,
  check: (where, name, value) => {
    if (value >= 4 && Number.isFinite(value)) return;
    refuse(where, `a finite ${name} >= 4`, value, "Below 4 the variance has no rectification.");
  },
};
const radamTable: OptionTable<RAdamOptions> = { ...adamTable, threshold };

/**
 * How long a plain mean would be that is as good as the running mean of squares in step `t`, in
 * float32 as optax has it when it is compiled: the difference of two large numbers.
 */
function lengthOf(b2: number, longest: number, t: number): number {
  const f = Math.fround;
  const lack = biasCorrection(b2, t);
  return f(f(longest) - f(f(2 * t * f(f(b2) ** t)) / lack));
}

/** What rectifies the variance of such a mean. */
const rectification = (length: number, longest: number): number =>
  Math.sqrt(((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length));

/**
 * RAdam's direction, without a learning rate.
 * @throws RangeError for options that cannot be.
 * @see `optax.scale_by_radam`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.scaleByRadam(), nnx.scaleByLearningRate(1e-3));
 * ```
 */
export const scaleByRadam: (options?: RAdamOptions) => GradientTransformation<AdamState> = registerFactory(
  "tx.scaleByRadam",
  (options = {}) => {
    const given = readOptions("scaleByRadam", options, radamTable);
    const { b1, b2, nesterov } = given;
    const longest = 2 / (1 - b2) - 1;
    return byMoments<AdamState>({
      where: "scaleByRadam",
      rule: radamStep,
      counter: "count",
      start: { mu: 0, nu: 0 },
      numbers: (t) => {
        const length = lengthOf(b2, longest, t);
        const divides = length >= given.threshold;
        const factor = divides ? rectification(length, longest) : 1;
        const { mean, gradient } = directionWeights(b1, t, nesterov);
        const correction = 1 / biasCorrection(b2, t);
        const weights = [factor * mean, factor * gradient];
        return [...means(b1, b2), ...weights, correction, given.epsRoot, given.eps, divides ? 1 : 0];
      },
    });
  },
);

/**
 * Rectified Adam: plain momentum in the first steps, then Adam with a factor that makes up for how
 * few gradients its divisor is made of.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see Liu et al. 2020, https://arxiv.org/abs/1908.03265; `optax.radam`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.radam(1e-3, { nesterov: true });
 * ```
 */
export const radam: (learningRate: number | Schedule, options?: RAdamOptions) => GradientTransformation =
  registerFactory("tx.radam", (learningRate, options = {}) => {
    const given = readOptions("radam", options, radamTable);
    return chain(scaleByRadam(given), scaleByLearningRate(learningRate));
  });
