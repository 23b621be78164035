/** @file Learning rates that stay, or go from one value to another. */
import { registerFactory } from "@nnxjs/nnx-core";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import { checkFinite, checkNotNegative, checkSteps } from "../checks.ts";
import { checkCount } from "./checks.ts";
import type { Schedule } from "./schedule.ts";

/**
 * Always the same value.
 * @param value - Any finite number.
 * @throws RangeError for what is no finite number.
 * @see `optax.constant_schedule`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.adam(nnx.constantSchedule(1e-3));
 * ```
 */
export const constantSchedule: (value: number) => Schedule = registerFactory(
  "schedules.constant",
  (value: number): Schedule => {
    checkFinite("constantSchedule", "value", value);
    return () => value;
  },
);

/** Options of {@link linearSchedule} and {@link polynomialSchedule}. */
export interface TransitionOptions {
  /** The step after which the value changes. @defaultValue 0 */
  transitionBegin?: number;
}

/** The course of both, from checked numbers. */
const course =
  (initValue: number, endValue: number, power: number, steps: number, begin: number): Schedule =>
  (count) => {
    const left = 1 - Math.min(Math.max(count - begin, 0), steps) / steps;
    return (initValue - endValue) * left ** power + endValue;
  };

function transition(
  where: string,
  initValue: number,
  endValue: number,
  power: number,
  transitionSteps: number,
  options: TransitionOptions = {},
): Schedule {
  checkOptions<TransitionOptions>(where, options, { transitionBegin: true });
  const { transitionBegin = 0 } = options;
  checkFinite(where, "initValue", initValue);
  checkFinite(where, "endValue", endValue);
  checkNotNegative(where, "power", power);
  checkSteps(where, "transitionSteps", transitionSteps);
  checkCount(where, "transitionBegin", transitionBegin);
  return course(initValue, endValue, power, transitionSteps, transitionBegin);
}

/**
 * From `initValue` to `endValue` in `transitionSteps` steps, along `(1 - share of steps) ** power`.
 * @throws RangeError for numbers that cannot be.
 * @see `optax.polynomial_schedule`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.polynomialSchedule(1, 0, 2, 100)(50); // 0.25
 * ```
 */
export const polynomialSchedule: (
  initValue: number,
  endValue: number,
  power: number,
  transitionSteps: number,
  options?: TransitionOptions,
) => Schedule = registerFactory(
  "schedules.polynomial",
  (
    initValue: number,
    endValue: number,
    power: number,
    transitionSteps: number,
    options?: TransitionOptions,
  ): Schedule => transition("polynomialSchedule", initValue, endValue, power, transitionSteps, options),
);

/**
 * From `initValue` to `endValue` in a straight line of `transitionSteps` steps.
 * @throws RangeError for numbers that cannot be.
 * @see `optax.linear_schedule`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.linearSchedule(1, 0, 100)(25); // 0.75
 * ```
 */
export const linearSchedule: (
  initValue: number,
  endValue: number,
  transitionSteps: number,
  options?: TransitionOptions,
) => Schedule = registerFactory(
  "schedules.linear",
  (initValue: number, endValue: number, transitionSteps: number, options?: TransitionOptions): Schedule =>
    transition("linearSchedule", initValue, endValue, 1, transitionSteps, options),
);
