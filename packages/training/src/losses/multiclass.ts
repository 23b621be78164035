/** @file Margins between the right class and the others. */
import { registerFunction } from "@nnxjs/nnx-core";
import { add, max, mul, sub, sum, type Tensor } from "@nnxjs/kernels/internal";
import { oneHot } from "@nnxjs/layers";
import { checkFloats, checkHasAxes } from "./arguments.ts";
import { checkLabelShape, checkLabels, nanOutside } from "./class-labels.ts";

/** The one-hot rows of labels that were checked, and their losses with NaN where there is no class. */
function withOneHot(where: string, scores: Tensor, labels: Tensor, loss: (right: Tensor) => Tensor): Tensor {
  checkFloats(where, "scores", scores);
  checkHasAxes(where, "scores", scores);
  checkLabelShape(where, labels, scores.shape.slice(0, -1));
  const classes = scores.shape.at(-1) as number;
  checkLabels(where, labels, classes);
  return nanOutside(loss(oneHot(labels, classes)), labels, classes);
}

/**
 * `max(scores + 1 - right) - score of the right class`: 0 once the right class leads by 1.
 * @param scores - `[..., classes]`, float32, finite: an infinite one among others gives NaN or Infinity,
 * as in optax.
 * @param labels - `[...]`, int32: the right classes.
 * @returns `[...]`.
 * @throws NnxError when shapes or dtypes do not fit, and for labels that name no class (on a GPU,
 * whose values are out of reach, their loss is NaN).
 * @see `optax.losses.multiclass_hinge_loss`; Crammer and Singer 2001
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const scores = tf.tensor2d([[3, 1, 0], [1, 3, 0]]);
 * Array.from(nnx.multiclassHingeLoss(scores, tf.tensor1d([0, 0], "int32")).dataSync()); // => [0, 3]
 * ```
 */
export const multiclassHingeLoss = (scores: Tensor, labels: Tensor): Tensor =>
  withOneHot("multiclassHingeLoss", scores, labels, (right) =>
    sub(max(sub(add(scores, 1), right), -1), sum(mul(scores, right), -1)),
  );

/**
 * `max(scores) - score of the right class`: 0 once the right class leads.
 * @param scores - `[..., classes]`, float32, finite: an infinite one among others gives NaN or Infinity,
 * as in optax.
 * @param labels - `[...]`, int32: the right classes.
 * @returns `[...]`.
 * @throws as {@link multiclassHingeLoss}.
 * @see `optax.losses.multiclass_perceptron_loss`; Collins 2002, https://aclanthology.org/W02-1001
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const scores = tf.tensor2d([[3, 1, 0], [1, 3, 0]]);
 * Array.from(nnx.multiclassPerceptronLoss(scores, tf.tensor1d([0, 0], "int32")).dataSync()); // => [0, 2]
 * ```
 */
export const multiclassPerceptronLoss = (scores: Tensor, labels: Tensor): Tensor =>
  withOneHot("multiclassPerceptronLoss", scores, labels, (right) =>
    sub(max(scores, -1), sum(mul(scores, right), -1)),
  );

registerFunction("multiclassHingeLoss", multiclassHingeLoss);
registerFunction("multiclassPerceptronLoss", multiclassPerceptronLoss);
