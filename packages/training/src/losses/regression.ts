/** @file Losses of regressions, element by element. */
import { registerFunction } from "@nnxjs/nnx-core";
import {
  abs,
  add,
  minimum,
  mul,
  neg,
  type Operand,
  softplus,
  square,
  sub,
  type Tensor,
} from "@nnxjs/kernels/internal";
import { checkGiven, type OptionChecks } from "@nnxjs/layers/internal";
import { comparedShape, checkFloats, checkSameShape, floatsOf, numeric } from "./arguments.ts";

const NAMES = ["predictions", "targets"] as const;

/** What is not the same in predictions and targets. Without targets, predictions themselves. */
function errorsOf(
  where: string,
  predictions: Tensor,
  targets: Tensor | null | undefined,
  mayBroadcast: boolean,
): Tensor {
  checkFloats(where, "predictions", predictions);
  if (targets === null || targets === undefined) return predictions;
  const floats = floatsOf(where, "targets", targets);
  if (mayBroadcast) comparedShape(where, NAMES, predictions, floats);
  else checkSameShape(where, NAMES, predictions, floats);
  return sub(predictions, floats);
}

/**
 * `(predictions - targets)²`, element by element.
 * @param predictions - Any shape, float32.
 * @param targets - The same shape. Left out: zeros.
 * @returns the same shape.
 * @throws NnxError when shapes differ, or predictions are not float32.
 * @see `optax.squared_error`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.squaredError(tf.tensor1d([1, 2]), tf.tensor1d([3, 2])).dataSync(); // [4, 0]
 * ```
 */
export const squaredError = <T extends Tensor>(predictions: T, targets?: T | null): T =>
  // Same rank as the input, and so the type that says it.
  square(errorsOf("squaredError", predictions, targets, false)) as T;

/**
 * `(predictions - targets)² / 2`, element by element.
 * @param predictions - Any shape, float32.
 * @param targets - The same shape. Left out: zeros.
 * @returns the same shape.
 * @throws NnxError when shapes differ, or predictions are not float32.
 * @see `optax.l2_loss`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * Array.from(nnx.l2Loss(tf.tensor1d([1, 3]), tf.tensor1d([1, 1])).dataSync()); // => [0, 2]
 * ```
 */
export const l2Loss = <T extends Tensor>(predictions: T, targets?: T | null): T =>
  mul(0.5, square(errorsOf("l2Loss", predictions, targets, false))) as T;

/** Options of {@link huberLoss}. */
export interface HuberLossOptions {
  /** Where the square ends and the straight line begins: a number, or a tensor. @defaultValue 1 */
  delta?: Operand;
}

const HUBER: OptionChecks<HuberLossOptions> = { delta: numeric };

/**
 * `e² / 2` where the error `e = predictions - targets` is at most `delta` in size, and
 * `delta * (|e| - delta / 2)` elsewhere: outliers pull no harder than `delta`.
 * @param predictions - Any shape, float32.
 * @param targets - Broadcast with predictions. `null` or left out: zeros.
 * @returns the shape that both broadcast to.
 * @throws NnxError when shapes do not fit, or predictions are not float32.
 * @see `optax.huber_loss`; Huber 1964, https://doi.org/10.1214/aoms/1177703732
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.huberLoss(tf.ones([3]), tf.zeros([3])).shape; // => [3]
 * ```
 */
export function huberLoss(
  predictions: Tensor,
  targets?: Tensor | null,
  options: HuberLossOptions = {},
): Tensor {
  checkGiven("huberLoss", options, HUBER);
  const { delta = 1 } = options;
  const size = abs(errorsOf("huberLoss", predictions, targets, true));
  const inner = minimum(size, delta);
  return add(mul(0.5, square(inner)), mul(delta, sub(size, inner)));
}

/**
 * `log(cosh(predictions - targets))`, element by element: about `e² / 2` for small errors and
 * `|e| - log(2)` for large ones, and smooth everywhere.
 * @param predictions - Any shape, float32.
 * @param targets - Broadcast with predictions. Left out: zeros.
 * @returns the shape that both broadcast to.
 * @throws NnxError when shapes do not fit, or predictions are not float32.
 * @see `optax.log_cosh`; Chen et al. 2019, https://openreview.net/pdf?id=rkglvsC9Ym
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.logCosh(tf.ones([3]), tf.zeros([3])).shape; // => [3]
 * ```
 */
export function logCosh(predictions: Tensor, targets?: Tensor | null): Tensor {
  const size = abs(errorsOf("logCosh", predictions, targets, true));
  return sub(add(size, softplus(neg(add(size, size)))), Math.LN2);
}

registerFunction("squaredError", squaredError);
registerFunction("l2Loss", l2Loss);
registerFunction("huberLoss", huberLoss);
registerFunction("logCosh", logCosh);
