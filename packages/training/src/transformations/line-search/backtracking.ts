/** @file Steps that are shortened until the loss falls. */
import { registerFactory } from "@nnxjs/nnx-core";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import { checkNotNegative, checkPositive, checkSteps } from "../../checks.ts";
import { scaled } from "../../tree/arithmetic.ts";
import { mapTree, type Tree } from "../../tree/tree.ts";
import { zerosLike } from "@nnxjs/kernels/internal";
import { Line } from "./line.ts";
import type { GradientTransformation } from "../transformation.ts";

/** Options of {@link scaleByBacktrackingLinesearch}. */
export interface BacktrackingOptions {
  /** The share of what the slope promises by which the loss must fall. @defaultValue 1e-4 */
  slopeRtol?: number;
  /** Multiplies a step that is too long. @defaultValue 0.8 */
  decreaseFactor?: number;
  /** Multiplies the last step for the first try of the next one. @defaultValue 1.5 */
  increaseFactor?: number;
  /** The longest step. @defaultValue 1 */
  maxLearningRate?: number;
  /** By how much the loss may miss what it must fall to. @defaultValue 0 */
  atol?: number;
  /** The same, as a share of the loss. @defaultValue 0 */
  rtol?: number;
  /** Keep the gradient at the end of the step in the state. @defaultValue false */
  storeGrad?: boolean;
}

type BacktrackingState = {
  readonly learningRate: number;
  /** The loss at the end of the step; infinite before the first. */
  readonly value: number;
  readonly info: { readonly numLinesearchSteps: number; readonly decreaseError: number };
  /** The gradient at the end of the step, with `storeGrad`. */
  readonly grad?: Tree;
};

const where = "scaleByBacktrackingLinesearch";
const f32 = Math.fround;

/**
 * Multiplies updates by a step size at which the loss falls enough (Armijo): it begins with
 * `increaseFactor` times the last one and shortens it, at most `maxBacktrackingSteps` times. Where
 * no step gives a finite loss, the updates become 0. Updates must point downwards. Last in a chain.
 *
 * Needs the loss and its function: `optimizer.update(model, grads, { value, valueFn })`; it is
 * computed and read back once for each try.
 * @param maxBacktrackingSteps - A positive integer.
 * @throws RangeError for options that cannot be; StructureError in a step without `value` or
 * `valueFn`.
 * @see `optax.scale_by_backtracking_linesearch`; Nocedal and Wright 1999,
 * https://doi.org/10.1007/978-0-387-40065-5
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(2, 1, { rngs: new nnx.Rngs(0) });
 * const tx = nnx.chain(nnx.sgd(1), nnx.scaleByBacktrackingLinesearch(15));
 * const optimizer = new nnx.Optimizer(model, tx);
 * const lossFn = (m: nnx.Linear) => tf.mean(tf.square(m.forward(tf.ones([3, 2]))));
 * const [value, grads] = nnx.valueAndGrad(lossFn)(model);
 * optimizer.update(model, grads, { value, valueFn: lossFn });
 * ```
 */
export const scaleByBacktrackingLinesearch: (
  maxBacktrackingSteps: number,
  options?: BacktrackingOptions,
) => GradientTransformation<BacktrackingState> = registerFactory(
  "tx.scaleByBacktrackingLinesearch",
  (maxBacktrackingSteps, options = {}) => {
    checkOptions<BacktrackingOptions>(where, options, {
      slopeRtol: true,
      decreaseFactor: true,
      increaseFactor: true,
      maxLearningRate: true,
      atol: true,
      rtol: true,
      storeGrad: true,
    });
    const { slopeRtol = 1e-4, decreaseFactor = 0.8, increaseFactor = 1.5 } = options;
    const { maxLearningRate = 1, atol = 0, rtol = 0, storeGrad = false } = options;
    checkSteps(where, "maxBacktrackingSteps", maxBacktrackingSteps);
    checkNotNegative(where, "slopeRtol", slopeRtol);
    checkPositive(where, "decreaseFactor", decreaseFactor);
    // Infinity begins each search with the longest step.
    if (increaseFactor !== Infinity) checkPositive(where, "increaseFactor", increaseFactor);
    checkPositive(where, "maxLearningRate", maxLearningRate);
    checkNotNegative(where, "atol", atol);
    checkNotNegative(where, "rtol", rtol);
    return {
      init: (params) => ({
        learningRate: 1,
        value: Infinity,
        info: { numLinesearchSteps: 0, decreaseError: Infinity },
        ...(storeGrad && { grad: mapTree(zerosLike, params) }),
      }),
      update: (updates, state, params, extra) => {
        const line = new Line(where, updates, params, extra);
        const { value, slope } = line.start;
        let learningRate = f32(Math.min(increaseFactor * state.learningRate, maxLearningRate));
        let decreaseError = Infinity;
        let reached = { value, grad: line.start.grad };
        let tries = 0;
        while (!(decreaseError <= atol) && tries <= maxBacktrackingSteps) {
          if (tries > 0) learningRate = f32(decreaseFactor * learningRate);
          reached = storeGrad ? line.at(learningRate) : { ...reached, value: line.valueAt(learningRate) };
          const fallen = f32(reached.value - f32((1 + rtol) * value));
          const missing = f32(fallen - f32(f32(learningRate * slopeRtol) * slope));
          decreaseError = Number.isNaN(missing) ? Infinity : Math.max(missing, 0);
          tries++;
        }
        if (decreaseError === Infinity) learningRate = 0;
        const info = { numLinesearchSteps: tries, decreaseError };
        const next = { learningRate, value: reached.value, info };
        return [scaled(updates, learningRate), storeGrad ? { ...next, grad: reached.grad } : next];
      },
    };
  },
);
