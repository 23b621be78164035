/** @file Losses of yes-or-no predictions, element by element. */
import { registerFunction } from "@nnxjs/nnx-core";
import {
  add,
  cast,
  greaterEqual,
  maximum,
  mul,
  neg,
  scalar,
  softplus,
  square,
  sub,
  type Tensor,
  where,
} from "@nnxjs/kernels/internal";
import { checkTensor } from "@nnxjs/nnx-core/internal";
import { comparedShape, checkFloats, checkSameShape, floatsOf } from "./arguments.ts";

const SCORES = ["predictorOutputs", "targets"] as const;
const LOGITS = ["logits", "labels"] as const;

/**
 * `max(0, 1 - predictorOutputs * targets)`, element by element.
 * @param predictorOutputs - Scores of any shape.
 * @param targets - -1 or 1, broadcast with the scores.
 * @returns the shape that both broadcast to.
 * @throws NnxError when shapes do not fit.
 * @see `optax.hinge_loss`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * Array.from(nnx.hingeLoss(tf.tensor1d([2, -1]), tf.tensor1d([1, 1])).dataSync()); // => [0, 2]
 * ```
 */
export function hingeLoss(predictorOutputs: Tensor, targets: Tensor): Tensor {
  const scores = floatsOf("hingeLoss", "predictorOutputs", predictorOutputs);
  const signs = floatsOf("hingeLoss", "targets", targets);
  comparedShape("hingeLoss", SCORES, scores, signs);
  return maximum(sub(1, mul(scores, signs)), 0);
}

/**
 * `max(0, -predictorOutputs * targets)`, element by element.
 * @param predictorOutputs - Scores of any shape.
 * @param targets - -1 or 1, of the same shape.
 * @returns the same shape.
 * @throws NnxError when shapes differ.
 * @see `optax.perceptron_loss`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * Array.from(nnx.perceptronLoss(tf.tensor1d([2, -1]), tf.tensor1d([1, 1])).dataSync()); // => [0, 1]
 * ```
 */
export function perceptronLoss<T extends Tensor>(predictorOutputs: T, targets: T): T {
  const scores = floatsOf("perceptronLoss", "predictorOutputs", predictorOutputs);
  const signs = floatsOf("perceptronLoss", "targets", targets);
  checkSameShape("perceptronLoss", SCORES, scores, signs);
  // Same rank as the input, and so the type that says it.
  return maximum(mul(neg(scores), signs), 0) as T;
}

/**
 * The cross entropy of a yes with probability `sigmoid(logits)`, element by element:
 * `-labels * log(p) - (1 - labels) * log(1 - p)`, without overflow.
 * @param logits - Any shape, float32.
 * @param labels - 0, 1 or a probability, broadcast with the logits.
 * @returns the shape that both broadcast to. An infinite logit gives NaN, unless its label is
 * strictly between 0 and 1, as in optax.
 * @throws NnxError when shapes do not fit, or logits are not float32.
 * @see `optax.sigmoid_binary_cross_entropy`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.sigmoidBinaryCrossEntropy(tf.tensor1d([0, 2]), tf.tensor1d([1, 0])).dataSync(); // [0.693, 2.127]
 * ```
 */
export function sigmoidBinaryCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
  const shares = binaryLabels("sigmoidBinaryCrossEntropy", logits, labels);
  return binaryCrossEntropy(logits, shares);
}

/** Labels as float32, when they and the logits are what they must be. */
export function binaryLabels(where: string, logits: Tensor, labels: Tensor): Tensor {
  checkFloats(where, "logits", logits);
  const floats = floatsOf(where, "labels", labels);
  comparedShape(where, LOGITS, logits, floats);
  return floats;
}

/** The loss of arguments that were checked. */
export const binaryCrossEntropy = (logits: Tensor, labels: Tensor): Tensor =>
  add(mul(labels, softplus(neg(logits))), mul(sub(1, labels), softplus(logits)));

/**
 * The binary sparsemax loss, element by element: 0 where the sign is right and the score at least
 * 1 in size, a parabola around 0, and the size of the score where it is far on the wrong side.
 * @param logits - Scores of any shape, float32.
 * @param labels - 0 or 1 (bool, int32 or float32), broadcast with the logits.
 * @returns the shape that both broadcast to.
 * @throws NnxError when shapes do not fit, or logits are not float32.
 * @see `optax.losses.sparsemax_loss`; Blondel et al. 2020, https://arxiv.org/abs/1901.02324, 4.4
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * Array.from(nnx.sparsemaxLoss(tf.tensor1d([2, 0, -2]), tf.tensor1d([1, 1, 1])).dataSync()); // => [0, 0.25, 2]
 * ```
 */
export function sparsemaxLoss(logits: Tensor, labels: Tensor): Tensor {
  checkFloats("sparsemaxLoss", "logits", logits);
  checkTensor("sparsemaxLoss", "labels", labels);
  comparedShape("sparsemaxLoss", LOGITS, logits, labels);
  const x = where(cast(labels, "bool"), neg(logits), logits);
  const parabola = mul(square(add(x, 1)), 0.25);
  return where(greaterEqual(neg(x), 1), scalar(0), where(greaterEqual(x, 1), x, parabola));
}

registerFunction("hingeLoss", hingeLoss);
registerFunction("perceptronLoss", perceptronLoss);
registerFunction("sigmoidBinaryCrossEntropy", sigmoidBinaryCrossEntropy);
registerFunction("sparsemaxLoss", sparsemaxLoss);
