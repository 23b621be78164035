/** @file Softmax and its logarithm. */
import { registerFunction, stopGradient } from "@nnxjs/nnx-core";
import {
  broadcastTo,
  cast,
  div,
  exp,
  log,
  logSoftmaxOf,
  max,
  scalar,
  softmax as tfSoftmax,
  sub,
  sum,
  type Tensor,
  where as select,
} from "@nnxjs/kernels/internal";
import { type Axes, normalizeAxes } from "../axes.ts";
import { axisList, checkGiven, type OptionChecks } from "../options.ts";
import { checkMasked, lengthOfRows, maskOrNull, NEGATIVE_INFINITY } from "./masked-rows.ts";

/** Options of {@link softmax} and {@link logSoftmax}: the axes, and a mask. */
export interface SoftmaxOptions {
  /** @defaultValue -1 */
  axis?: Axes;
  /**
   * Bool, broadcastable to x. Elements where it is false are ignored, and get the result of
   * `-Infinity`.
   * @defaultValue all true
   */
  where?: Tensor | null;
}

const SOFTMAX: OptionChecks<SoftmaxOptions> = { axis: axisList, where: maskOrNull };

/** x minus its largest element. The largest element is a constant for the gradient. */
function shifted(x: Tensor, axes: number[]): Tensor {
  return sub(x, stopGradient(max(x, axes, true)));
}

/**
 * Applies a function over axes to the elements where the mask is true, and puts `rest` in place of
 * the others. It selects before and after `f`, so that neither values nor cotangents of the other
 * elements reach the sums. Where the whole mask is false, NaN reaches neither the result nor the
 * gradient.
 */
function whereCounted<T extends Tensor>(x: T, mask: Tensor, rest: number, f: (counted: Tensor) => Tensor): T {
  const counts = broadcastTo(cast(mask, "bool"), x.shape);
  // The rank is that of x, so the type T still holds.
  return select(counts, f(select(counts, x, scalar(NEGATIVE_INFINITY))), scalar(rest)) as T;
}

/**
 * `e^x / sum(e^x)` along `axis`.
 * @param x - Any shape, float32.
 * @returns the same shape; 0 where `where` is false.
 * @see `jax.nn.softmax`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * Array.from(nnx.softmax(tf.tensor2d([[1, 1]])).dataSync()); // => [0.5, 0.5]
 * ```
 */
export function softmax<T extends Tensor>(x: T, options?: SoftmaxOptions): T {
  checkGiven("softmax", options, SOFTMAX);
  const values = checkMasked("softmax", x, options?.where);
  const { axis = -1, where = null } = options ?? {};
  const axes = normalizeAxes("softmax", axis, values.rank);
  const isLast = axes.length === 1 && axes[0] === values.rank - 1;
  const run = (counted: Tensor): Tensor => {
    if (isLast) return tfSoftmax(counted);
    const powers = exp(shifted(counted, axes));
    return div(powers, sum(powers, axes, true));
  };
  return where ? whereCounted(values, where, 0, run) : (run(values) as T);
}

/**
 * `x - log(sum(e^x))` along `axis`.
 * @param x - Any shape, float32.
 * @returns the same shape; `-Infinity` where `where` is false.
 * @see `jax.nn.log_softmax`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.logSoftmax(tf.ones([2, 3])).shape; // => [2, 3]
 * ```
 */
export function logSoftmax<T extends Tensor>(x: T, options?: SoftmaxOptions): T {
  checkGiven("logSoftmax", options, SOFTMAX);
  const values = checkMasked("logSoftmax", x, options?.where);
  const { axis = -1, where = null } = options ?? {};
  const axes = normalizeAxes("logSoftmax", axis, values.rank);
  const length = lengthOfRows(values.shape, axes);
  const run = (counted: Tensor): Tensor => {
    const quick = length === undefined ? undefined : logSoftmaxOf(counted, length);
    if (quick) return quick;
    const differences = shifted(counted, axes);
    return sub(differences, log(sum(exp(differences), axes, true)));
  };
  return where ? whereCounted(values, where, NEGATIVE_INFINITY, run) : (run(values) as T);
}

registerFunction("softmax", softmax);
registerFunction("logSoftmax", logSoftmax);
