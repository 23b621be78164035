/** @file Learning rates that fall. */
import { registerFactory } from "@nnxjs/nnx-core";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import { checkFinite, checkNotNegative, checkPositive, checkSteps } from "../checks.ts";
import { checkFlag } from "./checks.ts";
import type { Schedule } from "./schedule.ts";

/** Options of {@link exponentialDecay}. */
export interface ExponentialDecayOptions {
  /** The first step that decays. @defaultValue 0 */
  transitionBegin?: number;
  /** Fall once every `transitionSteps` instead of a little in each. @defaultValue false */
  staircase?: boolean;
  /**
   * Where it stops: a lower bound, or an upper one when `decayRate` is above 1.
   * @defaultValue none
   */
  endValue?: number | null;
}

/**
 * `initValue * decayRate ** (step / transitionSteps)`.
 * @throws RangeError for numbers that cannot be.
 * @see `optax.exponential_decay`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.adam(nnx.exponentialDecay(1e-3, 1000, 0.9, { staircase: true }));
 * ```
 */
export const exponentialDecay: (
  initValue: number,
  transitionSteps: number,
  decayRate: number,
  options?: ExponentialDecayOptions,
) => Schedule = registerFactory("schedules.exponentialDecay", decayExponentially);

function decayExponentially(
  initValue: number,
  transitionSteps: number,
  decayRate: number,
  options: ExponentialDecayOptions = {},
): Schedule {
  checkOptions<ExponentialDecayOptions>("exponentialDecay", options, {
    transitionBegin: true,
    staircase: true,
    endValue: true,
  });
  const { transitionBegin = 0, staircase = false, endValue = null } = options;
  checkFinite("exponentialDecay", "initValue", initValue);
  checkSteps("exponentialDecay", "transitionSteps", transitionSteps);
  checkNotNegative("exponentialDecay", "transitionBegin", transitionBegin);
  checkPositive("exponentialDecay", "decayRate", decayRate);
  checkFlag("exponentialDecay", "staircase", staircase);
  if (endValue !== null) checkFinite("exponentialDecay", "endValue", endValue);
  const bound = decayRate < 1 ? Math.max : Math.min;
  return (count) => {
    const share = (count - transitionBegin) / transitionSteps;
    const value = share <= 0 ? initValue : initValue * decayRate ** (staircase ? Math.floor(share) : share);
    return endValue === null ? value : bound(value, endValue);
  };
}

/** Options of {@link cosineDecaySchedule}. */
export interface CosineDecayOptions {
  /** The share of `initValue` that is left at the end. @defaultValue 0 */
  alpha?: number;
  /** The power of the cosine. @defaultValue 1 */
  exponent?: number;
}

/**
 * From `initValue` along half a cosine to `alpha * initValue` at `decaySteps`, and so from there
 * on.
 * @throws RangeError for numbers that cannot be.
 * @see `optax.cosine_decay_schedule`; Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.sgd(nnx.cosineDecaySchedule(0.1, 1000), { momentum: 0.9 });
 * ```
 */
export const cosineDecaySchedule: (
  initValue: number,
  decaySteps: number,
  options?: CosineDecayOptions,
) => Schedule = registerFactory("schedules.cosineDecay", decayAlongCosine);

function decayAlongCosine(initValue: number, decaySteps: number, options: CosineDecayOptions = {}): Schedule {
  checkOptions<CosineDecayOptions>("cosineDecaySchedule", options, { alpha: true, exponent: true });
  const { alpha = 0, exponent = 1 } = options;
  checkFinite("cosineDecaySchedule", "initValue", initValue);
  checkFinite("cosineDecaySchedule", "alpha", alpha);
  checkFinite("cosineDecaySchedule", "exponent", exponent);
  checkSteps("cosineDecaySchedule", "decaySteps", decaySteps);
  return (count) => {
    const share = Math.min(count, decaySteps) / decaySteps;
    const cosine = 0.5 * (1 + Math.cos(Math.PI * share));
    return initValue * ((1 - alpha) * cosine ** exponent + alpha);
  };
}
