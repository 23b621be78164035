/** @file Steps by the running size of gradients. */
import { rmsStep, stddevStep } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import type { Tree } from "../../tree/tree.ts";
import { momentumOf } from "../parts/momentum.ts";
import { byMoments } from "../one-pass.ts";
import { decay, flag, notNegative, type OptionTable, orNone, readOptions } from "../options.ts";
import { biasCorrection } from "../parts/running-mean.ts";
import { type Schedule, scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation } from "../transformation.ts";

/** Options of {@link scaleByRms}. */
export interface RmsOptions {
  /** Decay of the mean of squared gradients, in `[0, 1)`. @defaultValue 0.9 */
  decay?: number;
  /** Keeps the divisor from 0. @defaultValue 1e-8 */
  eps?: number;
  /** Whether `eps` is added under the root or to it. @defaultValue true */
  epsInSqrt?: boolean;
  /** Where the mean of squares starts. @defaultValue 0 */
  initialScale?: number;
  /**
   * Divide by the running standard deviation instead of the root mean square.
   * @defaultValue false
   */
  centered?: boolean;
  /** Correct the running means for where they start. @defaultValue false */
  biasCorrection?: boolean;
}

/** Options of {@link scaleByStddev}. */
export type StddevOptions = Omit<RmsOptions, "centered">;

/** Options of {@link rmsprop}. */
export interface RmspropOptions extends RmsOptions {
  /** Decay of the running sum of updates, in `[0, 1)`. @defaultValue null, no sum is kept */
  momentum?: number | null;
  /** Look ahead along the running sum. Needs `momentum`. @defaultValue false */
  nesterov?: boolean;
}

const stddevTable: OptionTable<StddevOptions> = {
  decay: decay(0.9),
  eps: notNegative(1e-8),
  epsInSqrt: flag(true),
  initialScale: notNegative(0),
  biasCorrection: flag(false),
};
const rmsTable: OptionTable<RmsOptions> = { ...stddevTable, centered: flag(false) };

/** The running means: `mu` where they are centered, `count` where their start is corrected for. */
type RmsState = { readonly nu: Tree } & ({ readonly mu: Tree } | object) &
  ({ readonly count: number } | object);

/**
 * Divides each gradient by the root of its running mean square.
 * @throws RangeError for options that cannot be.
 * @see `optax.scale_by_rms`, and with `centered` `optax.scale_by_stddev`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.scaleByRms(), nnx.scaleByLearningRate(1e-3));
 * ```
 */
export const scaleByRms: (options?: RmsOptions) => GradientTransformation<RmsState> = registerFactory(
  "tx.scaleByRms",
  (options = {}) => byRms("scaleByRms", readOptions("scaleByRms", options, rmsTable)),
);

/**
 * Divides each gradient by its running standard deviation: `scaleByRms` with `centered: true`.
 * @throws RangeError for options that cannot be.
 * @see `optax.scale_by_stddev`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.scaleByStddev(), nnx.scaleByLearningRate(1e-3));
 * ```
 */
export const scaleByStddev: (options?: StddevOptions) => GradientTransformation<RmsState> = registerFactory(
  "tx.scaleByStddev",
  (options = {}) =>
    byRms("scaleByStddev", { ...readOptions("scaleByStddev", options, stddevTable), centered: true }),
);

function byRms(
  where: string,
  { decay: b, eps, epsInSqrt, initialScale, centered, biasCorrection: corrects }: Required<RmsOptions>,
): GradientTransformation<RmsState> {
  return byMoments<RmsState>({
    where,
    rule: centered ? stddevStep : rmsStep,
    counter: corrects ? "count" : null,
    start: { ...(centered && { mu: 0 }), nu: initialScale },
    numbers: (t) => [b, 1 - b, corrects ? 1 / biasCorrection(b, t) : 1, ...(epsInSqrt ? [eps, 0] : [0, eps])],
  });
}

/**
 * RMSProp: `p - learningRate * g / sqrt(v + eps)` with `v` the running mean of `g²`; momentum sums
 * up what would be added, learning rate included.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see `optax.rmsprop`; Graves 2013, https://arxiv.org/abs/1308.0850 (centered)
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.rmsprop(0.01), { wrt: nnx.Param });
 * ```
 */
export const rmsprop: (learningRate: number | Schedule, options?: RmspropOptions) => GradientTransformation =
  registerFactory("tx.rmsprop", (learningRate, options = {}) => {
    const { momentum, nesterov, ...rmsOptions } = readOptions<RmspropOptions>("rmsprop", options, {
      ...rmsTable,
      momentum: orNone(decay(0)),
      nesterov: flag(false),
    });
    const steps: GradientTransformation[] = [scaleByRms(rmsOptions), scaleByLearningRate(learningRate)];
    if (momentum !== null) steps.push(momentumOf("rmsprop", momentum, nesterov));
    return chain(...steps);
  });
