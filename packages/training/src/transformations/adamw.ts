/** @file Adam with decoupled weight decay. */
import { add, mul } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import { type AdamOptions, adamOptionNames, scaleByAdam } from "./adam.ts";
import { checkNotNegative } from "../checks.ts";
import { type Schedule, scaleByLearningRate } from "./schedule.ts";
import { chain, type GradientTransformation, made } from "./transformation.ts";
import { checkAlike, mapTree } from "../tree/tree.ts";

/** Options of {@link adamw}. */
export interface AdamWOptions extends AdamOptions {
  /**
   * The share of each parameter that is added to its update, before the learning rate.
   * @defaultValue 1e-4
   */
  weightDecay?: number;
}

/**
 * Adds `weightDecay * p` to the update of each parameter `p`.
 * @throws RangeError for a negative decay.
 * @see `optax.add_decayed_weights`
 */
export function addDecayedWeights(weightDecay: number): GradientTransformation {
  checkNotNegative("addDecayedWeights", "weightDecay", weightDecay);
  return made("addDecayedWeights", [weightDecay], {
    init: () => [],
    update: (updates, state, params) => {
      checkAlike("addDecayedWeights", { updates, params });
      // As in optax: without decay, parameters that are not finite do not matter.
      if (weightDecay === 0) return [updates, state];
      return [mapTree((u, p) => add(u, mul(p, weightDecay)), updates, params), state];
    },
  });
}

registerFactory("tx.addDecayedWeights", addDecayedWeights);

/**
 * Adam with decoupled weight decay: `p - learningRate * (adam + weightDecay * p)`.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101; `optax.adamw`
 * @example
 * ```ts
 * const model = new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.adamw(1e-3, { weightDecay: 0.01 }), { wrt: nnx.Param });
 * ```
 */
export function adamw(learningRate: number | Schedule, options: AdamWOptions = {}): GradientTransformation {
  checkOptions("adamw", options, { ...adamOptionNames, weightDecay: true });
  const { weightDecay = 1e-4, ...adamOptions } = options;
  return chain(scaleByAdam(adamOptions), addDecayedWeights(weightDecay), scaleByLearningRate(learningRate));
}

registerFactory("tx.adamw", adamw);
