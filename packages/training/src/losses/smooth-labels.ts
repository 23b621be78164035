/** @file Labels that are less sure. */
import { registerFunction } from "@nnxjs/nnx-core";
import { add, cast, div, mul, type Operand, sub, sum, type Tensor } from "@nnxjs/kernels/internal";
import { checkBroadcast, checkGiven } from "@nnxjs/layers/internal";
import { axesFrom, checkFloats, numeric } from "./arguments.ts";
import { REDUCTION, type ReductionOptions } from "./masked-sum.ts";

/**
 * `(1 - alpha) * labels + alpha / n`, with n the number of classes that count.
 * @param labels - One-hot labels `[..., classes]`, float32.
 * @param alpha - The share that goes to all classes alike: 0 leaves the labels as they are.
 * @param options - `axis`: where the classes are, -1 by default. `where`: bool, broadcastable to
 * the labels: which classes count.
 * @returns the same shape. With `where`, classes that do not count get `alpha / n` too, as in optax.
 * @throws NnxError for labels that are not float32.
 * @see `optax.smooth_labels`; Müller et al. 2019, https://arxiv.org/abs/1906.02629
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.smoothLabels(tf.tensor1d([0, 1, 0, 0]), 0.2).dataSync(); // [0.05, 0.85, 0.05, 0.05]
 * ```
 */
export function smoothLabels(labels: Tensor, alpha: Operand, options: ReductionOptions = {}): Tensor {
  const where = "smoothLabels";
  checkFloats(where, "labels", labels);
  numeric(where, "alpha", alpha);
  checkGiven(where, options, REDUCTION);
  const { axis = -1, where: mask = null } = options;
  const axes = axesFrom(where, axis, labels.rank);
  if (mask) checkBroadcast(where, "where", mask, labels.shape);
  const classes = mask
    ? sum(cast(mask, "float32"), axesFrom(where, axis, mask.rank), true)
    : axes.reduce((size, each) => size * (labels.shape[each] as number), 1);
  return add(mul(sub(1, alpha), labels), div(alpha, classes));
}

registerFunction("smoothLabels", smoothLabels);
