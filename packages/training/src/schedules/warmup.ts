/** @file Learning rates that rise before they fall. */
import { registerFactory } from "@nnxjs/nnx-core";
import { checkOptions, describe } from "@nnxjs/nnx-core/internal";
import { checkFinite, checkSteps } from "../checks.ts";
import { checkCount } from "./checks.ts";
import { cosineDecaySchedule, exponentialDecay, type ExponentialDecayOptions } from "./decay.ts";
import { joined } from "./join.ts";
import { linearSchedule } from "./polynomial.ts";
import type { Schedule } from "./schedule.ts";

/** A straight line up to the peak, and what follows; with no steps to warm up, what follows. */
function warmedUp(initValue: number, peakValue: number, warmupSteps: number, after: Schedule): Schedule {
  if (warmupSteps === 0) return after;
  return joined([linearSchedule(initValue, peakValue, warmupSteps), after], [warmupSteps]);
}

/** @throws RangeError for what cannot be the beginning of these schedules. */
function checkWarmup(where: string, initValue: number, peakValue: number, warmupSteps: number): void {
  checkFinite(where, "initValue", initValue);
  checkFinite(where, "peakValue", peakValue);
  checkCount(where, "warmupSteps", warmupSteps);
}

/**
 * From `initValue` to `peakValue` in a straight line of `warmupSteps` steps, and so from there on.
 * @throws RangeError for numbers that cannot be.
 * @see `optax.warmup_constant_schedule`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.adam(nnx.warmupConstantSchedule(0, 1e-3, 100));
 * ```
 */
export const warmupConstantSchedule: (initValue: number, peakValue: number, warmupSteps: number) => Schedule =
  registerFactory(
    "schedules.warmupConstant",
    (initValue: number, peakValue: number, warmupSteps: number): Schedule => {
      checkWarmup("warmupConstantSchedule", initValue, peakValue, warmupSteps);
      return warmedUp(initValue, peakValue, warmupSteps, () => peakValue);
    },
  );

/** Options of {@link warmupCosineDecaySchedule}. */
export interface WarmupCosineOptions {
  /** The value at the end, and from there on. @defaultValue 0 */
  endValue?: number;
  /** The power of the cosine. @defaultValue 1 */
  exponent?: number;
}

function warmupCosine(
  where: string,
  initValue: number,
  peakValue: number,
  warmupSteps: number,
  decaySteps: number,
  { endValue = 0, exponent = 1 }: WarmupCosineOptions,
): Schedule {
  checkWarmup(where, initValue, peakValue, warmupSteps);
  checkSteps(where, "decaySteps", decaySteps);
  checkFinite(where, "endValue", endValue);
  checkFinite(where, "exponent", exponent);
  if (decaySteps <= warmupSteps) {
    throw new RangeError(
      `${where}: expected more decaySteps than the ${warmupSteps} warmupSteps, got ${decaySteps}. They include the warm-up.`,
    );
  }
  const alpha = peakValue === 0 ? 0 : endValue / peakValue;
  const decay = cosineDecaySchedule(peakValue, decaySteps - warmupSteps, { alpha, exponent });
  return warmedUp(initValue, peakValue, warmupSteps, decay);
}

/**
 * From `initValue` to `peakValue` in a straight line of `warmupSteps` steps, then along half a cosine
 * to `endValue` at step `decaySteps`, and so from there on.
 * @param decaySteps - All steps, those of the warm-up among them.
 * @throws RangeError for numbers that cannot be.
 * @see `optax.warmup_cosine_decay_schedule`; Loshchilov and Hutter 2017,
 * https://arxiv.org/abs/1608.03983
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const rate = nnx.warmupCosineDecaySchedule(0, 1e-3, 100, 1000, { endValue: 1e-5 });
 * const tx = nnx.adamw(rate);
 * ```
 */
export const warmupCosineDecaySchedule: (
  initValue: number,
  peakValue: number,
  warmupSteps: number,
  decaySteps: number,
  options?: WarmupCosineOptions,
) => Schedule = registerFactory(
  "schedules.warmupCosineDecay",
  (
    initValue: number,
    peakValue: number,
    warmupSteps: number,
    decaySteps: number,
    options: WarmupCosineOptions = {},
  ): Schedule => {
    const where = "warmupCosineDecaySchedule";
    checkOptions<WarmupCosineOptions>(where, options, { endValue: true, exponent: true });
    return warmupCosine(where, initValue, peakValue, warmupSteps, decaySteps, options);
  },
);

/**
 * From `initValue` to `peakValue` in a straight line of `warmupSteps` steps, then as
 * `exponentialDecay(peakValue, transitionSteps, decayRate, options)`.
 * @throws RangeError for numbers that cannot be.
 * @see `optax.warmup_exponential_decay_schedule`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.adam(nnx.warmupExponentialDecaySchedule(0, 1e-3, 100, 1000, 0.5));
 * ```
 */
export const warmupExponentialDecaySchedule: (
  initValue: number,
  peakValue: number,
  warmupSteps: number,
  transitionSteps: number,
  decayRate: number,
  options?: ExponentialDecayOptions,
) => Schedule = registerFactory(
  "schedules.warmupExponentialDecay",
  (
    initValue: number,
    peakValue: number,
    warmupSteps: number,
    transitionSteps: number,
    decayRate: number,
    options?: ExponentialDecayOptions,
  ): Schedule => {
    checkWarmup("warmupExponentialDecaySchedule", initValue, peakValue, warmupSteps);
    const decay = exponentialDecay(peakValue, transitionSteps, decayRate, options);
    return warmedUp(initValue, peakValue, warmupSteps, decay);
  },
);

/** One cycle of {@link sgdrSchedule}: the arguments of {@link warmupCosineDecaySchedule}. */
export interface CosineCycle extends WarmupCosineOptions {
  initValue: number;
  peakValue: number;
  warmupSteps: number;
  /** All steps of the cycle, those of its warm-up among them. */
  decaySteps: number;
}

const CYCLE = {
  initValue: true,
  peakValue: true,
  warmupSteps: true,
  decaySteps: true,
  endValue: true,
  exponent: true,
} as const;

/**
 * Cosine decay with warm restarts: {@link warmupCosineDecaySchedule} once for each cycle, one after
 * the other; after the last its `endValue`.
 * @param cosineKwargs - The arguments of `warmupCosineDecaySchedule`, for each cycle.
 * @throws RangeError for what is no list, an empty one, and numbers that cannot be.
 * @see `optax.sgdr_schedule`; Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * // Three cycles, each twice as long as the one before and half as high.
 * const cycles = [0, 1, 2].map((i) => ({
 *   initValue: 0,
 *   peakValue: 0.1 / 2 ** i,
 *   warmupSteps: 10,
 *   decaySteps: 100 * 2 ** i,
 * }));
 * const tx = nnx.sgd(nnx.sgdrSchedule(cycles), { momentum: 0.9 });
 * ```
 */
export const sgdrSchedule: (cosineKwargs: readonly CosineCycle[]) => Schedule = registerFactory(
  "schedules.sgdr",
  (cosineKwargs: readonly CosineCycle[]): Schedule => {
    const where = "sgdrSchedule";
    if (!Array.isArray(cosineKwargs) || cosineKwargs.length === 0) {
      throw new RangeError(
        `${where}: expected a list of cycles, got ${describe(cosineKwargs)}. Pass [{ initValue, peakValue, warmupSteps, decaySteps }].`,
      );
    }
    let end = 0;
    const ends: number[] = [];
    const cycles = (cosineKwargs as readonly CosineCycle[]).map((cycle, i) => {
      const name = `${where}[${i}]`;
      checkOptions<CosineCycle>(name, cycle, CYCLE);
      // A list of a caller in JavaScript may have holes.
      const { initValue, peakValue, warmupSteps, decaySteps } = { ...cycle };
      const schedule = warmupCosine(name, initValue, peakValue, warmupSteps, decaySteps, cycle);
      end += decaySteps;
      ends.push(end);
      return schedule;
    });
    return joined(cycles, ends.slice(0, -1));
  },
);
