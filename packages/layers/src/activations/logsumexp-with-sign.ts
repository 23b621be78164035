/** @file The logarithm of a sum of exponentials, by ops. */
import { registerFunction, stopGradient } from "@nnxjs/nnx-core";
import { checkTensor } from "@nnxjs/nnx-core/internal";
import {
  abs,
  add,
  cast,
  exp,
  greater,
  less,
  log,
  max,
  mul,
  notEqual,
  reshape,
  scalar,
  sub,
  sum,
  type Tensor,
  where as select,
} from "@nnxjs/kernels/internal";
import { type Axes, normalizeAxes } from "../axes.ts";
import { checkBroadcast } from "../checks.ts";
import { axisListOrNull, checkGiven, flag, type OptionChecks, orNull } from "../options.ts";
import { checkMasked, masked, maskOrNull } from "./masked-rows.ts";

/** Options of `logsumexp`. */
export interface LogsumexpOptions {
  /** @defaultValue all axes */
  axis?: Axes | null;
  /** Factors of the exponentials, broadcastable to x. @defaultValue 1 */
  b?: Tensor | null;
  /** Whether to keep the reduced axes with size 1. @defaultValue false */
  keepDims?: boolean;
  /** Bool, broadcastable to x. Elements where it is false are ignored. @defaultValue all true */
  where?: Tensor | null;
}

export const LOGSUMEXP: OptionChecks<LogsumexpOptions> = {
  axis: axisListOrNull,
  b: orNull(checkTensor),
  keepDims: flag,
  where: maskOrNull,
};

/**
 * The logarithm of the absolute value of `sum(b * e^x)`, and its sign.
 * @param x - Any shape, float32.
 * @returns Both without the reduced axes: sizes in logarithms, and signs 1, 0 or -1.
 * @see `jax.nn.logsumexp` with `return_sign`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const [size, sign] = nnx.logsumexpWithSign(tf.zeros([3]), { b: tf.tensor1d([1, -3, 1]) });
 * [size.dataSync()[0], sign.dataSync()[0]]; // => [0, -1]
 * ```
 */
export function logsumexpWithSign(x: Tensor, options?: LogsumexpOptions): [size: Tensor, sign: Tensor] {
  checkGiven("logsumexp", options, LOGSUMEXP);
  const { axis = null, b = null, keepDims = false, where = null } = options ?? {};
  const values = checkMasked("logsumexp", x, where);
  if (b) checkBroadcast("logsumexp", "b", b, values.shape);
  const axes = normalizeAxes(
    "logsumexp",
    axis ?? Array.from({ length: values.rank }, (_, i) => i),
    values.rank,
  );
  const counted = masked(b ? masked(values, notEqual(b, 0)) : values, where);
  const largest = max(counted, axes, true);
  // The largest element may be ±Infinity, which cannot be subtracted.
  const shift = stopGradient(select(less(abs(largest), Number.POSITIVE_INFINITY), largest, scalar(0)));
  const powers = exp(sub(counted, shift));
  const total = sum(b ? mul(powers, b) : powers, axes, true);
  const size = add(log(abs(total)), shift);
  const sign = sub(cast(greater(total, 0), "float32"), cast(less(total, 0), "float32"));
  if (keepDims) return [size, sign];
  const shape = values.shape.filter((_, i) => !axes.includes(i));
  return [reshape(size, shape), reshape(sign, shape)];
}

registerFunction("logsumexpWithSign", logsumexpWithSign);
