/** @file Steps by the sign of gradients. */
import { signStep } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { ema } from "../parts/ema.ts";
import { byMoments } from "../one-pass.ts";
import { decay, readOptions } from "../options.ts";
import { type Schedule, scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation } from "../transformation.ts";

/**
 * Replaces each element by its sign: -1, 0 or 1. NaN stays NaN.
 * @see `optax.scale_by_sign`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.scaleBySign(), nnx.scaleByLearningRate(1e-3));
 * ```
 */
export const scaleBySign: () => GradientTransformation = registerFactory("tx.scaleBySign", () =>
  byMoments({ where: "scaleBySign", rule: signStep, start: {}, numbers: () => [] }),
);

/**
 * Gradient descent by signs: every element moves by the learning rate.
 * @param learningRate - A number, or a schedule of steps.
 * @see Bernstein et al. 2018, https://arxiv.org/abs/1802.04434; `optax.sign_sgd`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.signSgd(1e-3));
 * const grads = nnx.grad((m: nnx.Linear) => tf.mean(m.forward(tf.ones([1, 2]))))(model);
 * optimizer.update(model, grads);
 * nnx.dispose(grads);
 * ```
 */
export const signSgd: (learningRate: number | Schedule) => GradientTransformation = registerFactory(
  "tx.signSgd",
  (learningRate) => chain(scaleBySign(), scaleByLearningRate(learningRate)),
);

/** Options of {@link signum}. */
export interface SignumOptions {
  /** Decay of the mean of gradients, in `[0, 1)`. @defaultValue 0.9 */
  beta?: number;
}

/**
 * Signum: gradient descent by the sign of a running mean.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see Bernstein et al. 2018, https://arxiv.org/abs/1802.04434; `optax.signum`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.signum(1e-3, { beta: 0.95 });
 * ```
 */
export const signum: (learningRate: number | Schedule, options?: SignumOptions) => GradientTransformation =
  registerFactory("tx.signum", (learningRate, options = {}) => {
    const { beta } = readOptions<SignumOptions>("signum", options, { beta: decay(0.9) });
    return chain(ema(beta, { debias: false }), scaleBySign(), scaleByLearningRate(learningRate));
  });
