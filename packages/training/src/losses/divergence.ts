/** @file Divergences of distributions. */
import { registerFunction } from "@nnxjs/nnx-core";
import {
  add,
  equal,
  exp,
  log,
  mul,
  scalar,
  sub,
  type Tensor,
  where as select,
} from "@nnxjs/kernels/internal";
import { checkGiven } from "@nnxjs/layers/internal";
import { axesFrom, comparedShape, checkFloats } from "./arguments.ts";
import { maskedSum, REDUCTION, type ReductionOptions } from "./masked-sum.ts";

/** The axes of a sum over the shape that both arguments broadcast to, and its mask. */
function reductionOf(
  where: string,
  predictions: Tensor,
  [name, targets]: readonly [string, Tensor],
  options: ReductionOptions,
): { axes: number[]; mask: Tensor | null } {
  checkFloats(where, "logPredictions", predictions);
  checkFloats(where, name, targets);
  checkGiven(where, options, REDUCTION);
  const { axis = -1, where: mask = null } = options;
  const shape = comparedShape(where, ["logPredictions", name], predictions, targets);
  return { axes: axesFrom(where, axis, shape.length), mask };
}

/** `t * (log(t) - p)` with `0 * log(0) = 0`. */
const relative = (logPredictions: Tensor, targets: Tensor): Tensor =>
  mul(targets, sub(select(equal(targets, 0), scalar(0), log(targets)), logPredictions));

/**
 * `sum(targets * (log(targets) - logPredictions))` along `axis`: the Kullback-Leibler divergence of
 * the predictions from the targets, in nats. A target of 0 counts 0.
 * @param logPredictions - `[..., dim]`, logarithms of probabilities, float32.
 * @param targets - Probabilities, broadcast with the predictions, float32.
 * @returns `[...]`. The gradient of a target of 0 is NaN, as in optax: it has none.
 * @throws NnxError when shapes do not fit, or dtypes are not float32.
 * @see `optax.kl_divergence`; Kullback and Leibler 1951, https://www.jstor.org/stable/2236703
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.klDivergence(tf.log(tf.fill([2, 4], 0.25)), tf.fill([2, 4], 0.25)).shape; // => [2]
 * ```
 */
export function klDivergence(
  logPredictions: Tensor,
  targets: Tensor,
  options: ReductionOptions = {},
): Tensor {
  const where = "klDivergence";
  const { axes, mask } = reductionOf(where, logPredictions, ["targets", targets], options);
  return maskedSum(where, relative(logPredictions, targets), axes, mask);
}

/**
 * {@link klDivergence} for targets that are logarithms too.
 * @param logPredictions - `[..., dim]`, logarithms of probabilities, float32.
 * @param logTargets - Logarithms of probabilities, broadcast with the predictions, float32.
 * @returns `[...]`; NaN for a target of `-Infinity`, as in optax.
 * @throws NnxError when shapes do not fit, or dtypes are not float32.
 * @see `optax.losses.kl_divergence_with_log_targets`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const logs = tf.log(tf.tensor1d([0.25, 0.75]));
 * nnx.klDivergenceWithLogTargets(logs, logs).dataSync()[0]; // => 0
 * ```
 */
export function klDivergenceWithLogTargets(
  logPredictions: Tensor,
  logTargets: Tensor,
  options: ReductionOptions = {},
): Tensor {
  const where = "klDivergenceWithLogTargets";
  const { axes, mask } = reductionOf(where, logPredictions, ["logTargets", logTargets], options);
  return maskedSum(where, mul(exp(logTargets), sub(logTargets, logPredictions)), axes, mask);
}

/**
 * `sum(targets * (log(targets) - logPredictions) + exp(logPredictions) - targets)` along `axis`: the
 * Kullback-Leibler divergence of positive numbers that need not sum to 1.
 * @param logPredictions - `[..., dim]`, logarithms, float32.
 * @param targets - Not negative, broadcast with the predictions, float32.
 * @returns `[...]`.
 * @throws NnxError when shapes do not fit, or dtypes are not float32.
 * @see `optax.generalized_kl_divergence`; Boyd and Vandenberghe, Convex Optimization, p. 90
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const logs = tf.log(tf.tensor1d([1, 2]));
 * nnx.generalizedKlDivergence(logs, tf.tensor1d([1, 2])).dataSync()[0]; // => 0
 * ```
 */
export function generalizedKlDivergence(
  logPredictions: Tensor,
  targets: Tensor,
  options: ReductionOptions = {},
): Tensor {
  const where = "generalizedKlDivergence";
  const { axes, mask } = reductionOf(where, logPredictions, ["targets", targets], options);
  const terms = relative(logPredictions, targets);
  const excess = sub(exp(logPredictions), targets);
  return add(maskedSum(where, terms, axes, mask), maskedSum(where, excess, axes, mask));
}

/**
 * Another name of {@link generalizedKlDivergence}. @see `optax.convex_kl_divergence`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const logs = tf.log(tf.tensor1d([1, 2]));
 * nnx.convexKlDivergence(logs, tf.tensor1d([1, 2])).dataSync()[0]; // => 0
 * ```
 */
export const convexKlDivergence: typeof generalizedKlDivergence = generalizedKlDivergence;

registerFunction("klDivergence", klDivergence);
registerFunction("klDivergenceWithLogTargets", klDivergenceWithLogTargets);
registerFunction("generalizedKlDivergence", generalizedKlDivergence);
