/** @file Adam. */
import { adamStep, radamStep } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import type { Tree } from "../../tree/tree.ts";
import { byMoments } from "../one-pass.ts";
import { decay, flag, notNegative, type OptionTable, readOptions } from "../options.ts";
import { biasCorrection, means } from "../parts/running-mean.ts";
import { type Schedule, scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation } from "../transformation.ts";

/** Options of {@link adam}. */
export interface AdamOptions {
  /** Decay of the mean of gradients, in `[0, 1)`. @defaultValue 0.9 */
  b1?: number;
  /** Decay of the mean of squared gradients, in `[0, 1)`. @defaultValue 0.999 */
  b2?: number;
  /** Added to the root. @defaultValue 1e-8 */
  eps?: number;
  /** Added under the root. @defaultValue 0 */
  epsRoot?: number;
  /**
   * Look one step ahead along the mean of gradients.
   * @defaultValue false
   * @see Dozat 2016, https://openreview.net/pdf?id=OM0jvwB8jIp57ZJjtNEZ
   */
  nesterov?: boolean;
}

export const adamTable: OptionTable<AdamOptions> = {
  b1: decay(0.9),
  b2: decay(0.999),
  eps: notNegative(1e-8),
  epsRoot: notNegative(0),
  nesterov: flag(false),
};

/** What Adam and its like remember: steps taken, and the running means. */
export type AdamState = { readonly count: number; readonly mu: Tree; readonly nu: Tree };

/**
 * Adam's direction, without a learning rate.
 * @throws RangeError for options that cannot be.
 * @see `optax.scale_by_adam`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.scaleByAdam(), nnx.scaleByLearningRate(1e-3));
 * ```
 */
export const scaleByAdam: (options?: AdamOptions) => GradientTransformation<AdamState> = registerFactory(
  "tx.scaleByAdam",
  (options = {}) => {
    const { b1, b2, eps, epsRoot, nesterov } = readOptions("scaleByAdam", options, adamTable);
    return byMoments<AdamState>({
      where: "scaleByAdam",
      rule: nesterov ? radamStep : adamStep,
      counter: "count",
      start: { mu: 0, nu: 0 },
      numbers: (t) => {
        const { mean, gradient } = directionWeights(b1, t, nesterov);
        const rest = [1 / biasCorrection(b2, t), epsRoot, eps];
        return [...means(b1, b2), mean, ...(nesterov ? [gradient, ...rest, 1] : rest)];
      },
    });
  },
);

/**
 * What mean and gradient weigh in the direction, bias corrections included. The gradient itself
 * counts with `nesterov` only.
 */
export interface DirectionWeights {
  readonly mean: number;
  readonly gradient: number;
}

export function directionWeights(b1: number, t: number, nesterov: boolean): DirectionWeights {
  const c1 = biasCorrection(b1, t);
  return nesterov
    ? { mean: b1 / biasCorrection(b1, t + 1), gradient: (1 - b1) / c1 }
    : { mean: 1 / c1, gradient: 0 };
}

/**
 * Adam.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see Kingma and Ba 2015, https://arxiv.org/abs/1412.6980; `optax.adam`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.adam(1e-3));
 * const grads = nnx.grad((m: nnx.Linear) => tf.mean(m.forward(tf.ones([1, 2]))))(model);
 * optimizer.update(model, grads);
 * nnx.dispose(grads);
 * ```
 */
export const adam: (learningRate: number | Schedule, options?: AdamOptions) => GradientTransformation =
  registerFactory("tx.adam", (learningRate, options = {}) => {
    const given = readOptions("adam", options, adamTable);
    return chain(scaleByAdam(given), scaleByLearningRate(learningRate));
  });

/** Options of {@link nadam}. */
export type NAdamOptions = Omit<AdamOptions, "nesterov">;

/**
 * Adam with Nesterov's momentum: `adam` with `nesterov: true`.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see Dozat 2016, https://openreview.net/pdf?id=OM0jvwB8jIp57ZJjtNEZ; `optax.nadam`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.nadam(1e-3));
 * const grads = nnx.grad((m: nnx.Linear) => tf.mean(m.forward(tf.ones([1, 2]))))(model);
 * optimizer.update(model, grads);
 * nnx.dispose(grads);
 * ```
 */
export const nadam: (learningRate: number | Schedule, options?: NAdamOptions) => GradientTransformation =
  registerFactory("tx.nadam", (learningRate, options = {}) => {
    const { nesterov: _, ...table } = adamTable;
    const given = readOptions<NAdamOptions>("nadam", options, table);
    return chain(scaleByAdam({ ...given, nesterov: true }), scaleByLearningRate(learningRate));
  });
