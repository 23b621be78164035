/** @file Elements less their mean, in units of their deviation. */
import { registerFunction } from "@nnxjs/nnx-core";
import { checkTensor } from "@nnxjs/nnx-core/internal";
import { add, maximum, mean as tfMean, mul, rsqrt, square, sub, type Tensor } from "@nnxjs/kernels/internal";
import { type Axes, normalizeAxes } from "../axes.ts";
import { maskedMean } from "../norm/masked-mean.ts";
import { axisList, checkGiven, nonNegative, type OptionChecks, orNull } from "../options.ts";
import { checkMasked, maskOrNull } from "./masked-rows.ts";

/** Options of {@link standardize}. */
export interface StandardizeOptions {
  /** @defaultValue -1 */
  axis?: Axes;
  /** @defaultValue the mean of x */
  mean?: Tensor | null;
  /** @defaultValue the variance of x */
  variance?: Tensor | null;
  /** @defaultValue 1e-5 */
  epsilon?: number;
  /**
   * Bool, broadcastable to x. Mean and variance ignore elements where it is false.
   * @defaultValue all true
   */
  where?: Tensor | null;
}

const STANDARDIZE: OptionChecks<StandardizeOptions> = {
  axis: axisList,
  mean: orNull(checkTensor),
  variance: orNull(checkTensor),
  epsilon: nonNegative,
  where: maskOrNull,
};

/**
 * `(x - mean) / sqrt(variance + epsilon)` along `axis`. The variance is divided by the number of
 * elements.
 * @param x - Any shape, float32.
 * @see `jax.nn.standardize`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.standardize(tf.tensor2d([[1, 2, 3]])).shape; // => [1, 3]
 * ```
 */
export function standardize<T extends Tensor>(x: T, options: StandardizeOptions = {}): T {
  checkGiven("standardize", options, STANDARDIZE);
  const { axis = -1, epsilon = 1e-5, where = null } = options;
  const values = checkMasked("standardize", x, where);
  const axes = normalizeAxes("standardize", axis, values.rank);
  const average = (values: Tensor): Tensor =>
    where ? maskedMean(values, axes, where) : tfMean(values, axes, true);
  const mean = options.mean ?? average(values);
  const variance = options.variance ?? maximum(sub(average(square(values)), square(mean)), 0);
  return mul(sub(values, mean), rsqrt(add(variance, epsilon))) as T;
}

registerFunction("standardize", standardize);
