/** @file What a schedule is. */
import { recordRecipe } from "@nnxjs/nnx-core/internal";

/** The learning rate of step `count`, which starts at 0. */
export type Schedule = (count: number) => number;

/**
 * Remembers which function made a schedule, of which arguments, so that optimizers with it go
 * through JSON. The function is registered under `schedules.<name>` with `registerFactory`.
 */
export function madeSchedule(name: string, args: readonly unknown[], schedule: Schedule): Schedule {
  recordRecipe(schedule, `schedules.${name}`, args);
  return schedule;
}
