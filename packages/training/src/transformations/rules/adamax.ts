/** @file Adam with the largest gradient in place of the mean of squares. */
import { adamaxStep } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import type { AdamState } from "./adam.ts";
import { byMoments } from "../one-pass.ts";
import { decay, notNegative, type OptionTable, readOptions } from "../options.ts";
import { biasCorrection } from "../parts/running-mean.ts";
import { type Schedule, scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation } from "../transformation.ts";
import { type DecayOptions, decayTable, decayedWeights } from "../parts/weight-decay.ts";

/** Options of {@link adamax} and {@link scaleByAdamax}. */
export interface AdamaxOptions {
  /** Decay of the mean of gradients, in `[0, 1)`. @defaultValue 0.9 */
  b1?: number;
  /** Decay of the largest gradient, in `[0, 1)`. @defaultValue 0.999 */
  b2?: number;
  /** Added to the size of each gradient. @defaultValue 1e-8 */
  eps?: number;
}

const adamaxTable: OptionTable<AdamaxOptions> = { b1: decay(0.9), b2: decay(0.999), eps: notNegative(1e-8) };

/**
 * Adamax' direction, without a learning rate: the mean of gradients over `max(|g| + eps, b2 * nu)`.
 * @throws RangeError for options that cannot be.
 * @see `optax.scale_by_adamax`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.scaleByAdamax(), nnx.scaleByLearningRate(1e-3));
 * ```
 */
export const scaleByAdamax: (options?: AdamaxOptions) => GradientTransformation<AdamState> = registerFactory(
  "tx.scaleByAdamax",
  (options = {}) => {
    const { b1, b2, eps } = readOptions("scaleByAdamax", options, adamaxTable);
    return byMoments<AdamState>({
      where: "scaleByAdamax",
      rule: adamaxStep,
      counter: "count",
      start: { mu: 0, nu: 0 },
      numbers: (t) => [b1, 1 - b1, b2, 1 / biasCorrection(b1, t), eps],
    });
  },
);

/**
 * Adamax: Adam, divided by the largest gradient of late.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see Kingma and Ba 2015, https://arxiv.org/abs/1412.6980; `optax.adamax`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.adamax(1e-3));
 * const grads = nnx.grad((m: nnx.Linear) => tf.mean(m.forward(tf.ones([1, 2]))))(model);
 * optimizer.update(model, grads);
 * nnx.dispose(grads);
 * ```
 */
export const adamax: (learningRate: number | Schedule, options?: AdamaxOptions) => GradientTransformation =
  registerFactory("tx.adamax", (learningRate, options = {}) => {
    const given = readOptions("adamax", options, adamaxTable);
    return chain(scaleByAdamax(given), scaleByLearningRate(learningRate));
  });

/** Options of {@link adamaxw}. */
export interface AdamaxWOptions extends AdamaxOptions, DecayOptions {}

/**
 * Adamax with decoupled weight decay, by default 1e-4.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101; `optax.adamaxw`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.adamaxw(2e-3, { weightDecay: 0.01 });
 * ```
 */
export const adamaxw: (learningRate: number | Schedule, options?: AdamaxWOptions) => GradientTransformation =
  registerFactory("tx.adamaxw", (learningRate, options = {}) => {
    const { weightDecay, mask, ...given } = readOptions<AdamaxWOptions>("adamaxw", options, {
      ...adamaxTable,
      ...decayTable(1e-4),
    });
    return chain(scaleByAdamax(given), decayedWeights(weightDecay, mask), scaleByLearningRate(learningRate));
  });
