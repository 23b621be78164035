/** @file Steps after which the loss has fallen enough and is flat enough. */
import { zerosLike } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkOptions, describe } from "@nnxjs/nnx-core/internal";
import { checkNotNegative, checkPositive, checkSteps } from "../../checks.ts";
import { scaled } from "../../tree/arithmetic.ts";
import { mapTree, type Tree } from "../../tree/tree.ts";
import { Line } from "./line.ts";
import type { GradientTransformation } from "../transformation.ts";
import { ZoomSearch } from "./zoom-search.ts";

/** Options of {@link scaleByZoomLinesearch}. */
export interface ZoomOptions {
  /** The longest step. @defaultValue null, any */
  maxLearningRate?: number | null;
  /** By how much a criterion may be missed. @defaultValue 0 */
  tol?: number;
  /** Multiplies a step that is too short. @defaultValue 2 */
  increaseFactor?: number;
  /** The share of what the slope promises by which the loss must fall. @defaultValue 1e-4 */
  slopeRtol?: number;
  /** The share of the slope that may be left. @defaultValue 0.9 */
  curvRtol?: number;
  /**
   * The share of the loss by which it may rise where the slope tells that a minimum is near; `null`
   * asks the loss alone.
   * @defaultValue 1e-6
   */
  approxDecRtol?: number | null;
  /** An interval as short as this is not searched further. @defaultValue 1e-5 */
  stepsizePrecision?: number;
  /** The first try: the last step, or 1. @defaultValue "keep" */
  initialGuessStrategy?: "keep" | "one";
}

type ZoomState = {
  readonly learningRate: number;
  /** The loss at the end of the step; infinite before the first. */
  readonly value: number;
  /** The gradient there. */
  readonly grad: Tree;
  readonly info: {
    readonly numLinesearchSteps: number;
    readonly decreaseError: number;
    readonly curvatureError: number;
  };
};

const where = "scaleByZoomLinesearch";

/**
 * Multiplies updates by a step size after which the loss has fallen enough and its slope is small
 * enough (Wolfe): steps are lengthened until an interval with such a point is found, which is then
 * narrowed. Where there is none within `maxLinesearchSteps`, the best point at which the loss has
 * fallen is taken. The state says by how much the criteria are missed. Updates must point
 * downwards. Last in a chain.
 *
 * Needs the loss and its function: `optimizer.update(model, grads, { value, valueFn })`; loss and
 * gradient are computed, and two numbers read back, once for each try.
 * @param maxLinesearchSteps - A positive integer.
 * @throws RangeError for options that cannot be; StructureError in a step without `value` or
 * `valueFn`.
 * @see `optax.scale_by_zoom_linesearch`; Nocedal and Wright 1999,
 * https://doi.org/10.1007/978-0-387-40065-5
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(2, 1, { rngs: new nnx.Rngs(0) });
 * const tx = nnx.chain(nnx.scale(-1), nnx.scaleByZoomLinesearch(15));
 * const optimizer = new nnx.Optimizer(model, tx);
 * const lossFn = (m: nnx.Linear) => tf.mean(tf.square(tf.sub(m.forward(tf.ones([3, 2])), 1)));
 * tf.tidy(() => {
 *   const [value, grads] = nnx.valueAndGrad(lossFn)(model);
 *   optimizer.update(model, grads, { value, valueFn: lossFn });
 * });
 * lossFn(model).dataSync()[0]! < 1e-6; // => true
 * ```
 */
export const scaleByZoomLinesearch: (
  maxLinesearchSteps: number,
  options?: ZoomOptions,
) => GradientTransformation<ZoomState> = registerFactory(
  "tx.scaleByZoomLinesearch",
  (maxLinesearchSteps, options = {}) => {
    checkOptions<ZoomOptions>(where, options, {
      maxLearningRate: true,
      tol: true,
      increaseFactor: true,
      slopeRtol: true,
      curvRtol: true,
      approxDecRtol: true,
      stepsizePrecision: true,
      initialGuessStrategy: true,
    });
    const { maxLearningRate = null, tol = 0, increaseFactor = 2, slopeRtol = 1e-4 } = options;
    const { curvRtol = 0.9, approxDecRtol = 1e-6, stepsizePrecision = 1e-5 } = options;
    const { initialGuessStrategy = "keep" } = options;
    checkSteps(where, "maxLinesearchSteps", maxLinesearchSteps);
    if (maxLearningRate !== null) checkPositive(where, "maxLearningRate", maxLearningRate);
    checkNotNegative(where, "tol", tol);
    checkPositive(where, "increaseFactor", increaseFactor);
    checkNotNegative(where, "slopeRtol", slopeRtol);
    checkNotNegative(where, "curvRtol", curvRtol);
    if (approxDecRtol !== null) checkNotNegative(where, "approxDecRtol", approxDecRtol);
    checkNotNegative(where, "stepsizePrecision", stepsizePrecision);
    switch (initialGuessStrategy) {
      case "keep":
      case "one":
        break;
      default:
        throw new RangeError(
          `${where}: expected initialGuessStrategy to be "keep" or "one", got ${describe(initialGuessStrategy satisfies never)}. Leave it out for "keep".`,
        );
    }
    const rules = {
      maxSteps: maxLinesearchSteps,
      maxStepsize: maxLearningRate,
      ...{ tol, increaseFactor, slopeRtol, curvRtol, approxDecRtol, stepsizePrecision },
    };
    return {
      init: (params) => ({
        learningRate: 1,
        value: Infinity,
        grad: mapTree(zerosLike, params),
        info: { numLinesearchSteps: 0, decreaseError: Infinity, curvatureError: Infinity },
      }),
      update: (updates, state, params, extra) => {
        const search = new ZoomSearch(new Line(where, updates, params, extra), rules);
        const found = search.run(initialGuessStrategy === "one" ? 1 : state.learningRate);
        const { stepsize: learningRate, value, grad } = found.point;
        const { count: numLinesearchSteps, decreaseError, curvatureError } = found;
        const info = { numLinesearchSteps, decreaseError, curvatureError };
        return [scaled(updates, learningRate), { learningRate, value, grad, info }];
      },
    };
  },
);
