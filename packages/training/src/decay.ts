/** @file Learning rates that fall. */
import { checkNotNegative, checkSteps } from "./checks.ts";
import type { Schedule } from "./schedule.ts";

/** Options of {@link exponentialDecay}. */
export interface ExponentialDecayOptions {
  /** The first step that decays. @defaultValue 0 */
  transitionBegin?: number;
  /** Fall once every `transitionSteps` instead of a little in each. @defaultValue false */
  staircase?: boolean;
  /** Where it stops: a lower bound, or an upper one when `decayRate` is above 1. @defaultValue none */
  endValue?: number | null;
}

/**
 * `initValue * decayRate ** (step / transitionSteps)`.
 * @throws RangeError for a rate or steps that cannot be.
 * @see `optax.exponential_decay`
 * @example
 * ```ts
 * const tx = nnx.adam(nnx.exponentialDecay(1e-3, 1000, 0.9, { staircase: true }));
 * ```
 */
export function exponentialDecay(
  initValue: number,
  transitionSteps: number,
  decayRate: number,
  { transitionBegin = 0, staircase = false, endValue = null }: ExponentialDecayOptions = {},
): Schedule {
  checkSteps("exponentialDecay", "transitionSteps", transitionSteps);
  checkNotNegative("exponentialDecay", "transitionBegin", transitionBegin);
  if (!(decayRate > 0)) {
    throw new RangeError(
      `exponentialDecay: expected decayRate above 0, got ${decayRate}. Pass a number such as 0.9.`,
    );
  }
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
 * From `initValue` along half a cosine to `alpha * initValue` at `decaySteps`, and so from there on.
 * @throws RangeError for steps that are no positive integer.
 * @see `optax.cosine_decay_schedule`; Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983
 * @example
 * ```ts
 * const tx = nnx.sgd(nnx.cosineDecaySchedule(0.1, 1000), { momentum: 0.9 });
 * ```
 */
export function cosineDecaySchedule(
  initValue: number,
  decaySteps: number,
  { alpha = 0, exponent = 1 }: CosineDecayOptions = {},
): Schedule {
  checkSteps("cosineDecaySchedule", "decaySteps", decaySteps);
  return (count) => {
    const share = Math.min(count, decaySteps) / decaySteps;
    const cosine = 0.5 * (1 + Math.cos(Math.PI * share));
    return initValue * ((1 - alpha) * cosine ** exponent + alpha);
  };
}
