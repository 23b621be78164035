/** @file Learning rates, fixed or by step. */
import { registerFactory } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { mul } from "@nnxjs/kernels/internal";
import type { Schedule } from "../schedules/schedule.ts";
import { noteFactor } from "./applying.ts";
import type { GradientTransformation, TransformationState } from "./transformation.ts";
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
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for what is neither a finite number nor a function, and in the step in which a
 * schedule gives no finite number.
 * @see `optax.scale_by_learning_rate`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.scaleByAdam(), nnx.scaleByLearningRate(1e-3));
 * ```
 */
export const scaleByLearningRate: (learningRate: number | Schedule) => GradientTransformation =
  registerFactory("tx.scaleByLearningRate", (learningRate) => {
    if (typeof learningRate === "function") {
      return scaling(
        (state) => {
          const { count } = state as { count: number };
          return [-scheduled("scaleByLearningRate", learningRate, count), { count: count + 1 }];
        },
        () => ({ count: 0 }),
      );
    }
    if (Number.isFinite(learningRate))
      return scaling(
        (state) => [-learningRate, state],
        () => [],
      );
    throw new RangeError(
      `scaleByLearningRate: expected learningRate to be a finite number or a schedule, got ${describe(learningRate)}. Pass a number such as 1e-3.`,
    );
  });

/** Multiplies updates by a number that follows from the state. */
const scaling = (
  factorOf: (state: TransformationState) => readonly [factor: number, state: TransformationState],
  init: () => TransformationState,
): GradientTransformation =>
  noteFactor(
    {
      init,
      update: (updates, state) => {
        const [factor, next] = factorOf(state);
        return [mapTree((u) => mul(u, factor), updates), next];
      },
    },
    factorOf,
  );
