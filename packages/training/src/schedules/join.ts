/** @file Schedules one after the other. */
import { registerFactory } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { checkCount, checkSchedule } from "./checks.ts";
import type { Schedule } from "./schedule.ts";

/** The schedule whose turn it is, asked for the steps since its beginning. */
export const joined =
  (schedules: readonly Schedule[], boundaries: readonly number[]): Schedule =>
  (count) => {
    let turn = 0;
    while (turn < boundaries.length && count >= (boundaries[turn] as number)) turn++;
    const begin = turn === 0 ? 0 : (boundaries[turn - 1] as number);
    return (schedules[turn] as Schedule)(count - begin);
  };

/**
 * Schedules one after the other, each counting from where the one before it ends. Only the one whose
 * turn it is is asked.
 * @param schedules - Each counts its own steps, from 0.
 * @param boundaries - The steps at which the next one begins: one fewer than schedules.
 * @throws RangeError for what are no schedules, and for boundaries of another number or that fall.
 * @see `optax.join_schedules`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const warm = nnx.joinSchedules([nnx.linearSchedule(0, 1, 10), nnx.constantSchedule(1)], [10]);
 * [warm(5), warm(10), warm(1e6)]; // [0.5, 1, 1]
 * ```
 */
export const joinSchedules: (schedules: readonly Schedule[], boundaries: readonly number[]) => Schedule =
  registerFactory(
    "schedules.join",
    (schedules: readonly Schedule[], boundaries: readonly number[]): Schedule => {
      const where = "joinSchedules";
      if (!Array.isArray(schedules) || schedules.length === 0) {
        throw new RangeError(
          `${where}: expected a list of schedules, got ${describe(schedules)}. Pass at least one.`,
        );
      }
      if (!Array.isArray(boundaries) || boundaries.length !== schedules.length - 1) {
        throw new RangeError(
          `${where}: expected ${schedules.length - 1} boundaries for ${schedules.length} schedules, got ${describe(boundaries)}. ` +
            "Pass the step at which each but the first begins.",
        );
      }
      for (const [i, schedule] of schedules.entries()) checkSchedule(where, `schedules[${i}]`, schedule);
      boundaries.forEach((boundary: number, i) => {
        checkCount(where, `boundaries[${i}]`, boundary);
        if (i === 0 || boundary >= (boundaries[i - 1] as number)) return;
        throw new RangeError(
          `${where}: expected boundaries that rise, got ${describe(boundaries)}. Each is a step, counted from the start.`,
        );
      });
      return joined([...(schedules as readonly Schedule[])], [...(boundaries as readonly number[])]);
    },
  );
