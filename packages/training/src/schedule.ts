/** @file Learning rates, fixed or by step. */
import { describe } from "@nnxjs/nnx-core";
import { mul } from "./tensor.ts";
import type { GradientTransformation } from "./transformation.ts";
import { mapTree } from "./tree.ts";

/** The learning rate of step `count`, which starts at 0. */
export type Schedule = (count: number) => number;

/**
 * Multiplies updates by minus the learning rate.
 * @throws RangeError for what is neither a finite number nor a function.
 * @see `optax.scale_by_learning_rate`
 */
export function scaleByLearningRate(learningRate: number | Schedule): GradientTransformation {
  if (typeof learningRate !== "function" && !Number.isFinite(learningRate)) {
    throw new RangeError(
      `scaleByLearningRate: expected learningRate to be a finite number or a schedule, got ${describe(learningRate)}. Pass a number such as 1e-3.`,
    );
  }
  if (typeof learningRate === "number") {
    return {
      init: () => [],
      update: (updates, state) => [mapTree((u) => mul(u, -learningRate), updates), state],
    };
  }
  return {
    init: () => ({ count: 0 }),
    update: (updates, state) => {
      const { count } = state as { count: number };
      return [mapTree((u) => mul(u, -learningRate(count)), updates), { count: count + 1 }];
    },
  };
}
