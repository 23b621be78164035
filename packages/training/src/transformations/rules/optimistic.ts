/** @file Steps by the gradient that is expected next, for games. */
import { mul, scalar, sub, type Tensor, where, zerosLike } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkFinite } from "../../checks.ts";
import { checkAlike, mapTree, type Tree } from "../../tree/tree.ts";
import { type AdamOptions, adamTable, scaleByAdam } from "./adam.ts";
import { finite, flag, type OptionTable, orNone, readOptions } from "../options.ts";
import { type Schedule, scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation } from "../transformation.ts";

/** Options of {@link optimisticGradientDescent} and {@link scaleByOptimisticGradient}. */
export interface OptimisticOptions {
  /** The weight of the gradient. @defaultValue 1 */
  alpha?: number;
  /** The weight of its change since the step before. @defaultValue 1 */
  beta?: number;
}

const optimisticTable: OptionTable<OptimisticOptions> = { alpha: finite(1), beta: finite(1) };

/** Whether no step was taken yet, a scalar of dtype bool, and the gradient of the last one. */
type OptimisticState = { readonly isInitialStep: Tensor; readonly previousGradient: Tree };

/**
 * Replaces each gradient by `alpha * g + beta * (g - the last g)`; the first one by `alpha * g`.
 * @throws RangeError for options that cannot be.
 * @see Mokhtari et al. 2019, https://arxiv.org/abs/1901.08511v2; `optax.scale_by_optimistic_gradient`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.chain(nnx.scaleByOptimisticGradient({ alpha: 1, beta: 1 }), nnx.scale(-1e-2));
 * const optimizer = new nnx.Optimizer(new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) }), tx);
 * ```
 */
export const scaleByOptimisticGradient: (
  options?: OptimisticOptions,
) => GradientTransformation<OptimisticState> = registerFactory(
  "tx.scaleByOptimisticGradient",
  (options = {}) => {
    const { alpha, beta } = readOptions("scaleByOptimisticGradient", options, optimisticTable);
    return {
      init: (params) => ({
        isInitialStep: scalar(true, "bool"),
        previousGradient: mapTree(zerosLike, params),
      }),
      update: (gradients, { isInitialStep, previousGradient }) => {
        checkAlike("scaleByOptimisticGradient", { gradients, previousGradient });
        const updates = mapTree(
          (g, last) => sub(mul(g, alpha + beta), mul(where(isInitialStep, g, last), beta)),
          gradients,
          previousGradient,
        );
        return [updates, { isInitialStep: scalar(false, "bool"), previousGradient: gradients }];
      },
    };
  },
);

/**
 * Gradient descent that looks ahead along the change of gradients, for games such as adversarial
 * training.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see Mokhtari et al. 2019, https://arxiv.org/abs/1901.08511v2; `optax.optimistic_gradient_descent`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.optimisticGradientDescent(1e-3));
 * const grads = nnx.grad((m: nnx.Linear) => tf.mean(m.forward(tf.ones([1, 2]))))(model);
 * optimizer.update(model, grads);
 * nnx.dispose(grads);
 * ```
 */
export const optimisticGradientDescent: (
  learningRate: number | Schedule,
  options?: OptimisticOptions,
) => GradientTransformation = registerFactory(
  "tx.optimisticGradientDescent",
  (learningRate, options = {}) => {
    const given = readOptions("optimisticGradientDescent", options, optimisticTable);
    return chain(scaleByOptimisticGradient(given), scaleByLearningRate(learningRate));
  },
);

/** Options of {@link optimisticAdam}. */
export interface OptimisticAdamOptions extends AdamOptions {
  /** The weight of the change since the step before. @defaultValue null, the learning rate */
  optimism?: number | null;
  /** As of {@link AdamOptions}. @defaultValue true */
  nesterov?: boolean;
}

/**
 * Adam with the change of its direction added. `optimisticAdamV2` takes schedules, too.
 * @param learningRate - A number.
 * @throws RangeError for options that cannot be.
 * @see Daskalakis et al. 2018, https://arxiv.org/abs/1711.00141; `optax.optimistic_adam`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.optimisticAdam(1e-3));
 * const grads = nnx.grad((m: nnx.Linear) => tf.mean(m.forward(tf.ones([1, 2]))))(model);
 * optimizer.update(model, grads);
 * nnx.dispose(grads);
 * ```
 */
export const optimisticAdam: (
  learningRate: number,
  options?: OptimisticAdamOptions,
) => GradientTransformation = registerFactory("tx.optimisticAdam", (learningRate, options = {}) => {
  checkFinite("optimisticAdam", "learningRate", learningRate);
  const { optimism, ...given } = readOptions<OptimisticAdamOptions>("optimisticAdam", options, {
    optimism: orNone(finite(0)),
    ...adamTable,
    nesterov: flag(true),
  });
  return chain(
    scaleByAdam(given),
    scaleByOptimisticGradient({ alpha: learningRate, beta: optimism ?? learningRate }),
    scaleByLearningRate(1),
  );
});

/** Options of {@link optimisticAdamV2}. */
export interface OptimisticAdamV2Options extends AdamOptions, OptimisticOptions {
  /** As of {@link AdamOptions}. @defaultValue true */
  nesterov?: boolean;
}

/**
 * Adam with the change of its direction added.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see Daskalakis et al. 2018, https://arxiv.org/abs/1711.00141; `optax.optimistic_adam_v2`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.optimisticAdamV2(1e-3, { beta: 0.5 });
 * ```
 */
export const optimisticAdamV2: (
  learningRate: number | Schedule,
  options?: OptimisticAdamV2Options,
) => GradientTransformation = registerFactory("tx.optimisticAdamV2", (learningRate, options = {}) => {
  const { alpha, beta, ...given } = readOptions<OptimisticAdamV2Options>("optimisticAdamV2", options, {
    ...optimisticTable,
    ...adamTable,
    nesterov: flag(true),
  });
  return chain(
    scaleByAdam(given),
    scaleByOptimisticGradient({ alpha, beta }),
    scaleByLearningRate(learningRate),
  );
});
