/** @file The logarithm of a sum of exponentials. */
import { registerFunction } from "@nnxjs/nnx-core";
import { logSumExpOf, type Tensor } from "@nnxjs/kernels/internal";
import { logsumexpBy } from "./logsumexp-by.ts";
import type { LogsumexpOptions } from "./logsumexp-with-sign.ts";

/**
 * `log(sum(b * e^x))` along `axis`, without overflow.
 * @param x - Any shape, float32.
 * @returns NaN where the sum is negative.
 * @see `jax.nn.logsumexp`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.logsumexp(tf.ones([2, 3]), { axis: -1 }).shape; // => [2]
 * ```
 */
export function logsumexp(x: Tensor, options: LogsumexpOptions = {}): Tensor {
  return logsumexpBy(x, options, logSumExpOf);
}

registerFunction("logsumexp", logsumexp);
