/** @file Learning rates that change at given steps. */
import { registerFactory } from "@nnxjs/nnx-core";
import { checkOptions, describe } from "@nnxjs/nnx-core/internal";
import { checkFinite, checkPositive, checkSteps } from "../checks.ts";
import { type BoundariesAndScales, checkShare, sortedScales } from "./checks.ts";
import type { Schedule } from "./schedule.ts";

/**
 * `initValue` times the scales of all boundaries that were reached.
 * @param boundariesAndScales - `{ 100: 0.1 }`: from step 100 on a tenth.
 * @throws RangeError for numbers that cannot be.
 * @see `optax.piecewise_constant_schedule`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.piecewiseConstantSchedule(1, { 100: 0.5, 200: 0.5 })(250); // 0.25
 * ```
 */
export const piecewiseConstantSchedule: (
  initValue: number,
  boundariesAndScales?: BoundariesAndScales | null,
) => Schedule = registerFactory(
  "schedules.piecewiseConstant",
  (initValue: number, boundariesAndScales?: BoundariesAndScales | null): Schedule => {
    checkFinite("piecewiseConstantSchedule", "initValue", initValue);
    const scales = sortedScales("piecewiseConstantSchedule", boundariesAndScales);
    return (count) => {
      let value = initValue;
      for (const [step, scale] of scales) if (count >= step) value *= scale;
      return value;
    };
  },
);

/** How a piecewise schedule goes from one value to the next. */
export type Interpolation = "linear" | "cosine";

const between: Readonly<Record<Interpolation, (from: number, to: number, share: number) => number>> = {
  linear: (from, to, share) => (to - from) * share + from,
  cosine: (from, to, share) => to + ((from - to) / 2) * (Math.cos(Math.PI * share) + 1),
};

/** From value to value: those at step 0 and at each of the boundaries, which rise. */
function interpolated(
  kind: Interpolation,
  initValue: number,
  scales: readonly (readonly [step: number, scale: number])[],
): Schedule {
  const points = [{ step: 0, value: initValue }];
  for (const [step, scale] of scales) points.push({ step, value: (points.at(-1)?.value ?? 0) * scale });
  return (count) => {
    const next = points.findIndex(({ step }) => step > count);
    const [from, to] = [points[next - 1], points[next]];
    if (!from || !to) return points.at(next < 0 ? -1 : 0)?.value ?? initValue;
    return between[kind](from.value, to.value, (count - from.step) / (to.step - from.step));
  };
}

/**
 * From `initValue` to what it is at each boundary, after the scales up to there: in straight lines or
 * along half cosines.
 * @param interpolateType - The shape of a piece: `"linear"` or `"cosine"`.
 * @param boundariesAndScales - `{ 100: 0.1 }`: at step 100 a tenth.
 * @throws RangeError for numbers that cannot be.
 * @see `optax.piecewise_interpolate_schedule`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.piecewiseInterpolateSchedule("linear", 1, { 100: 0.5, 200: 0 })(150); // 0.25
 * ```
 */
export const piecewiseInterpolateSchedule: (
  interpolateType: Interpolation,
  initValue: number,
  boundariesAndScales?: BoundariesAndScales | null,
) => Schedule = registerFactory(
  "schedules.piecewiseInterpolate",
  (
    interpolateType: Interpolation,
    initValue: number,
    boundariesAndScales?: BoundariesAndScales | null,
  ): Schedule => {
    const where = "piecewiseInterpolateSchedule";
    if (!Object.hasOwn(between, interpolateType)) {
      throw new RangeError(
        `${where}: expected interpolateType to be "linear" or "cosine", got ${describe(interpolateType)}. It comes first.`,
      );
    }
    checkFinite(where, "initValue", initValue);
    return interpolated(interpolateType, initValue, sortedScales(where, boundariesAndScales));
  },
);

/** Options of {@link cosineOnecycleSchedule}. */
export interface CosineOnecycleOptions {
  /** The share of steps that rise. @defaultValue 0.3 */
  pctStart?: number;
  /** The first value is the peak over this. @defaultValue 25 */
  divFactor?: number;
  /** The last value is the first over this. @defaultValue 1e4 */
  finalDivFactor?: number;
}

/** Options of {@link linearOnecycleSchedule}. */
export interface LinearOnecycleOptions extends CosineOnecycleOptions {
  /** The share of steps after which the first value is reached again. @defaultValue 0.85 */
  pctFinal?: number;
}

const ONECYCLE = { pctStart: true, divFactor: true, finalDivFactor: true } as const;

function checkOnecycle(
  where: string,
  transitionSteps: number,
  peakValue: number,
  { pctStart = 0.3, divFactor = 25, finalDivFactor = 1e4 }: CosineOnecycleOptions,
): Required<CosineOnecycleOptions> {
  checkSteps(where, "transitionSteps", transitionSteps);
  checkFinite(where, "peakValue", peakValue);
  checkShare(where, "pctStart", pctStart);
  checkPositive(where, "divFactor", divFactor);
  checkPositive(where, "finalDivFactor", finalDivFactor);
  return { pctStart, divFactor, finalDivFactor };
}

/** Of boundaries that fall on one step the last counts, as in optax. */
const inOrder = (scales: readonly (readonly [step: number, scale: number])[]) =>
  sortedScales("onecycle", new Map(scales));

/**
 * Up to `peakValue` and down again along half cosines, from `peakValue / divFactor` to that over
 * `finalDivFactor`.
 * @param transitionSteps - The number of steps of the whole cycle.
 * @throws RangeError for numbers that cannot be.
 * @see `optax.cosine_onecycle_schedule`; Smith and Topin 2018, https://arxiv.org/abs/1708.07120
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.adam(nnx.cosineOnecycleSchedule(1000, 1e-2));
 * ```
 */
export const cosineOnecycleSchedule: (
  transitionSteps: number,
  peakValue: number,
  options?: CosineOnecycleOptions,
) => Schedule = registerFactory(
  "schedules.cosineOnecycle",
  (transitionSteps: number, peakValue: number, options: CosineOnecycleOptions = {}): Schedule => {
    const where = "cosineOnecycleSchedule";
    checkOptions<CosineOnecycleOptions>(where, options, ONECYCLE);
    const { pctStart, divFactor, finalDivFactor } = checkOnecycle(where, transitionSteps, peakValue, options);
    const scales = inOrder([
      [Math.trunc(pctStart * transitionSteps), divFactor],
      [transitionSteps, 1 / (divFactor * finalDivFactor)],
    ]);
    return interpolated("cosine", peakValue / divFactor, scales);
  },
);

/**
 * In straight lines up to `peakValue`, back to where it began at `peakValue / divFactor`, and on to
 * that over `finalDivFactor`.
 * @param transitionSteps - The number of steps of the whole cycle.
 * @throws RangeError for numbers that cannot be.
 * @see `optax.linear_onecycle_schedule`; Smith and Topin 2018, https://arxiv.org/abs/1708.07120
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.adam(nnx.linearOnecycleSchedule(1000, 1e-2));
 * ```
 */
export const linearOnecycleSchedule: (
  transitionSteps: number,
  peakValue: number,
  options?: LinearOnecycleOptions,
) => Schedule = registerFactory(
  "schedules.linearOnecycle",
  (transitionSteps: number, peakValue: number, options: LinearOnecycleOptions = {}): Schedule => {
    const where = "linearOnecycleSchedule";
    checkOptions<LinearOnecycleOptions>(where, options, { ...ONECYCLE, pctFinal: true });
    const { pctStart, divFactor, finalDivFactor } = checkOnecycle(where, transitionSteps, peakValue, options);
    const { pctFinal = 0.85 } = options;
    checkShare(where, "pctFinal", pctFinal);
    if (pctFinal < pctStart) {
      throw new RangeError(
        `${where}: expected pctFinal from pctStart (${pctStart}) to 1, got ${pctFinal}. The way down follows the way up.`,
      );
    }
    const scales = inOrder([
      [Math.trunc(pctStart * transitionSteps), divFactor],
      [Math.trunc(pctFinal * transitionSteps), 1 / divFactor],
      [transitionSteps, 1 / finalDivFactor],
    ]);
    return interpolated("linear", peakValue / divFactor, scales);
  },
);
