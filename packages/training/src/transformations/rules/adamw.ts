/** @file Adam with decoupled weight decay. */
import { registerFactory } from "@nnxjs/nnx-core";
import { type AdamOptions, adamTable, type NAdamOptions, scaleByAdam } from "./adam.ts";
import { type OptionTable, readOptions } from "../options.ts";
import { type Schedule, scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation } from "../transformation.ts";
import { type DecayOptions, decayTable, decayedWeights } from "../parts/weight-decay.ts";

/** Options of {@link adamw}. */
export interface AdamWOptions extends AdamOptions, DecayOptions {}

const adamwTable: OptionTable<AdamWOptions> = { ...adamTable, ...decayTable(1e-4) };

/**
 * Adam with decoupled weight decay, by default 1e-4: `p - learningRate * (adam + weightDecay * p)`.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be; StructureError for a mask that is none.
 * @see Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101; `optax.adamw`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) });
 * // Biases do not decay.
 * const tx = nnx.adamw(1e-3, { weightDecay: 0.01, mask: nnx.pathContains("kernel") });
 * const optimizer = new nnx.Optimizer(model, tx, { wrt: nnx.Param });
 * ```
 */
export const adamw: (learningRate: number | Schedule, options?: AdamWOptions) => GradientTransformation =
  registerFactory("tx.adamw", (learningRate, options = {}) => {
    const { weightDecay, mask, ...given } = readOptions("adamw", options, adamwTable);
    return chain(scaleByAdam(given), decayedWeights(weightDecay, mask), scaleByLearningRate(learningRate));
  });

/** Options of {@link nadamw}. */
export interface NAdamWOptions extends NAdamOptions, DecayOptions {}

/**
 * Adam with Nesterov's momentum and decoupled weight decay, by default 1e-4: `adamw` with
 * `nesterov: true`.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be; StructureError for a mask that is none.
 * @see Dozat 2016, https://openreview.net/pdf?id=OM0jvwB8jIp57ZJjtNEZ; Loshchilov and Hutter 2019,
 * https://arxiv.org/abs/1711.05101; `optax.nadamw`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.nadamw(1e-3));
 * const grads = nnx.grad((m: nnx.Linear) => tf.mean(m.forward(tf.ones([1, 2]))))(model);
 * optimizer.update(model, grads);
 * nnx.dispose(grads);
 * ```
 */
export const nadamw: (learningRate: number | Schedule, options?: NAdamWOptions) => GradientTransformation =
  registerFactory("tx.nadamw", (learningRate, options = {}) => {
    const { nesterov: _, ...table } = adamwTable;
    const { weightDecay, mask, ...given } = readOptions<NAdamWOptions>("nadamw", options, table);
    return chain(
      scaleByAdam({ ...given, nesterov: true }),
      decayedWeights(weightDecay, mask),
      scaleByLearningRate(learningRate),
    );
  });
