/** @file Updates times a number. */
import { mul } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkFinite } from "../checks.ts";
import { mapTree } from "../tree/tree.ts";
import { type Schedule, scheduled } from "./schedule.ts";
import type { GradientTransformation } from "./transformation.ts";

/**
 * Multiplies updates by a number. (`scaleByLearningRate` multiplies by minus one.)
 * @param stepSize - The factor.
 * @throws RangeError for what is no finite number.
 * @see `optax.scale`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.chain(nnx.scaleByAdam(), nnx.scale(-1e-3));
 * ```
 */
export const scale: (stepSize: number) => GradientTransformation = registerFactory("tx.scale", (stepSize) => {
  checkFinite("scale", "stepSize", stepSize);
  return {
    init: () => [],
    update: (updates, state) => [mapTree((u) => mul(u, stepSize), updates), state],
  };
});

/** Steps taken. */
type ScheduleState = { readonly count: number };

/**
 * Multiplies updates by what a schedule gives for the step, which starts at 0.
 * @param stepSizeFn - The factor of a step, from the count of steps before.
 * @throws RangeError in the step in which the schedule gives no finite number.
 * @see `optax.scale_by_schedule`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.scaleByAdam(), nnx.scaleBySchedule(nnx.linearSchedule(-1e-3, 0, 100)));
 * ```
 */
export const scaleBySchedule: (stepSizeFn: Schedule) => GradientTransformation<ScheduleState> =
  registerFactory("tx.scaleBySchedule", (stepSizeFn) => ({
    init: () => ({ count: 0 }),
    update: (updates, { count }) => {
      const size = scheduled("scaleBySchedule", stepSizeFn, count);
      return [mapTree((u) => mul(u, size), updates), { count: count + 1 }];
    },
  }));
