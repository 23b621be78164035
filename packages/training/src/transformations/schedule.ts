/** @file Learning rates, fixed or by step. */
import { registerFactory } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { mul } from "@nnxjs/kernels/internal";
import type { Schedule } from "../schedules/schedule.ts";
import type { GradientTransformation } from "./transformation.ts";
import { mapTree } from "../tree/tree.ts";

export type { Schedule };

/** The value of a schedule. @throws RangeError naming the step, for what is no finite number. */
export function scheduled(where: string, schedule: Schedule, count: number): number {
  const value: unknown = schedule(count);
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new RangeError(
    `${where}: expected the schedule to return a finite number at step ${count}, got ${describe(value)}. ` +
      "Return a plain number, such as 1e-3 / (count + 1), for every step from 0 on.",
  );
}

/**
 * Multiplies updates by minus the learning rate. A schedule is asked once in each step.
 * @throws RangeError for what is neither a finite number nor a function, and in the step in which a
 * schedule gives no finite number.
 * @see `optax.scale_by_learning_rate`
 */
export const scaleByLearningRate: (learningRate: number | Schedule) => GradientTransformation =
  registerFactory("tx.scaleByLearningRate", (learningRate) => {
    if (typeof learningRate === "function") {
      return {
        init: () => ({ count: 0 }),
        update: (updates, state) => {
          const { count } = state as { count: number };
          const rate = scheduled("scaleByLearningRate", learningRate, count);
          return [mapTree((u) => mul(u, -rate), updates), { count: count + 1 }];
        },
      };
    }
    if (Number.isFinite(learningRate)) {
      return {
        init: () => [],
        update: (updates, state) => [mapTree((u) => mul(u, -learningRate), updates), state],
      };
    }
    throw new RangeError(
      `scaleByLearningRate: expected learningRate to be a finite number or a schedule, got ${describe(learningRate)}. Pass a number such as 1e-3.`,
    );
  });
