/** @file Adaptive steps with little memory. */
import { registerFactory } from "@nnxjs/nnx-core";
import { ema } from "../parts/ema.ts";
import { scaleByFactoredRms } from "./factored-rms.ts";
import { type Mask, maskOption } from "../masks/mask.ts";
import {
  count,
  decay,
  flag,
  notNegative,
  optionalRate,
  type OptionTable,
  orNone,
  positive,
  readOptions,
} from "../options.ts";
import { clipByBlockRms, scaleByParamBlockRms } from "../parts/param-block.ts";
import { type Schedule, scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation } from "../transformation.ts";
import { decayRate, decayedWeights } from "../parts/weight-decay.ts";

/** Options of {@link adafactor}. */
export interface AdafactorOptions {
  /** A number, or a schedule of steps. @defaultValue null, 1 */
  learningRate?: number | Schedule | null;
  /** Axes shorter than that are not factored. @defaultValue 128 */
  minDimSizeToFactor?: number;
  /** Decay of the means: `1 - t ** -decayRate` in step `t`. @defaultValue 0.8 */
  decayRate?: number;
  /** Steps to be taken off the count, for a decay that starts anew. @defaultValue 0 */
  decayOffset?: number;
  /** Scale updates by the root mean square of their parameters. @defaultValue true */
  multiplyByParameterScale?: boolean;
  /** The most that the root mean square of an update is; `null` for any. @defaultValue 1 */
  clippingThreshold?: number | null;
  /** Decay of a running mean of updates, in `[0, 1)`. @defaultValue null, no mean is kept */
  momentum?: number | null;
  /**
   * The share of each parameter that is taken off it, whatever the learning rate: a number or a
   * schedule.
   * @defaultValue null, nothing
   */
  weightDecayRate?: number | Schedule | null;
  /** Added to the squared gradients. @defaultValue 1e-30 */
  eps?: number;
  /** Whether large parameters are factored. @defaultValue true */
  factored?: boolean;
  /** Which parameters decay. @defaultValue null, all */
  weightDecayMask?: Mask | null;
}

const adafactorTable: OptionTable<AdafactorOptions> = {
  learningRate: optionalRate,
  minDimSizeToFactor: count(128),
  decayRate: notNegative(0.8),
  decayOffset: count(0),
  multiplyByParameterScale: flag(true),
  clippingThreshold: { ...orNone(positive(1)), standard: 1 },
  momentum: orNone(decay(0)),
  weightDecayRate: orNone(decayRate(0)),
  eps: notNegative(1e-30),
  factored: flag(true),
  weightDecayMask: maskOption,
};

/** Updates times the learning rate, their sign unturned. */
const times = (rate: number | Schedule): GradientTransformation =>
  scaleByLearningRate(typeof rate === "number" ? -rate : (step) => -rate(step));

/**
 * Adafactor: for large matrices it remembers rows and columns of squares instead of every element,
 * and takes steps in proportion to parameters.
 * @throws RangeError for options that cannot be; StructureError for a mask that is none.
 * @see Shazeer and Stern 2018, https://arxiv.org/abs/1804.04235; `optax.adafactor`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) });
 * const tx = nnx.adafactor({ learningRate: 0.01, momentum: 0.9 });
 * const optimizer = new nnx.Optimizer(model, tx, { wrt: nnx.Param });
 * ```
 */
export const adafactor: (options?: AdafactorOptions) => GradientTransformation = registerFactory(
  "tx.adafactor",
  (options = {}) => {
    const given = readOptions("adafactor", options, adafactorTable);
    const steps: GradientTransformation[] = [
      scaleByFactoredRms({
        factored: given.factored,
        decayRate: given.decayRate,
        stepOffset: given.decayOffset,
        minDimSizeToFactor: given.minDimSizeToFactor,
        epsilon: given.eps,
      }),
    ];
    if (given.clippingThreshold !== null) steps.push(clipByBlockRms(given.clippingThreshold));
    if (given.learningRate !== null) steps.push(times(given.learningRate));
    if (given.multiplyByParameterScale) steps.push(scaleByParamBlockRms());
    if (given.momentum !== null) steps.push(ema(given.momentum, { debias: false }));
    if (given.weightDecayRate !== null)
      steps.push(decayedWeights(given.weightDecayRate, given.weightDecayMask));
    return chain(...steps, scaleByLearningRate(1));
  },
);
