/** @file Gradient descent. */
import { registerFactory } from "@nnxjs/nnx-core";
import { momentumOf } from "../parts/momentum.ts";
import { decay, flag, orNone, readOptions } from "../options.ts";
import { type Schedule, scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation, identity } from "../transformation.ts";

/** Options of {@link sgd}. */
export interface SgdOptions {
  /** Decay of the running sum of gradients, in `[0, 1)`. @defaultValue null, no sum is kept */
  momentum?: number | null;
  /** Look ahead along the running sum. Needs `momentum`. @defaultValue false */
  nesterov?: boolean;
}

/**
 * Gradient descent, `p - learningRate * g`; with momentum `t = g + momentum * t` in the place of
 * `g`.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for a momentum outside `[0, 1)`.
 * @see `optax.sgd`; Sutskever et al. 2013, https://proceedings.mlr.press/v28/sutskever13.html
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.sgd(0.1, { momentum: 0.9, nesterov: true }), { wrt: nnx.Param });
 * ```
 */
export const sgd: (learningRate: number | Schedule, options?: SgdOptions) => GradientTransformation =
  registerFactory("tx.sgd", (learningRate, options = {}) => {
    const { momentum, nesterov } = readOptions<SgdOptions>("sgd", options, {
      momentum: orNone(decay(0)),
      nesterov: flag(false),
    });
    return chain(
      momentum === null ? identity : momentumOf("sgd", momentum, nesterov),
      scaleByLearningRate(learningRate),
    );
  });
