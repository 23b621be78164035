/** @file The sparsemax loss, and the projection that it is made of. */
import { customVjp, type CustomVjpFunction, stopGradient, registerFunction } from "@nnxjs/nnx-core";
import {
  add,
  cast,
  cumsum,
  div,
  greater,
  max,
  mul,
  relu,
  scalar,
  sub,
  sum,
  type Tensor,
  tensorOf,
  topk,
  where as select,
} from "@nnxjs/kernels/internal";
import { oneHot } from "@nnxjs/layers";
import { checkFloats, checkRank } from "./arguments.ts";
import { checkLabelShape, checkLabels, nanOutside } from "./class-labels.ts";

/**
 * The nearest probabilities to each row, many of them 0. Rows with NaN or `Infinity`, and rows of
 * nothing but `-Infinity`, give NaN.
 * @see Duchi et al. 2008, https://doi.org/10.1145/1390156.1390191
 */
function projected(rows: Tensor): Tensor {
  const size = rows.shape[1] as number;
  const largest = max(rows, -1, true);
  const below = sub(rows, largest);
  const sorted = topk(below, size).values;
  const sums = cumsum(sorted, 1);
  const ranks = tensorOf(
    Array.from({ length: size }, (_, i) => i + 1),
    [1, size],
    "float32",
  );
  // In falling order: those that stay above 0 when all down to them are lowered to sum to 1.
  const stays = greater(add(mul(sorted, ranks), 1), sums);
  const supported = sum(cast(stays, "float32"), -1, true);
  const kept = sum(select(stays, sorted, scalar(0)), -1, true);
  const threshold = div(sub(kept, 1), supported);
  // Zero, or NaN where there is no largest number.
  return add(relu(sub(below, threshold)), sub(largest, largest));
}

/** The projection of rows, with its derivative: the upstream gradient less its mean, on the support. */
const projection: CustomVjpFunction<[Tensor], Tensor> = customVjp(projected);
projection.defvjp(
  (rows) => {
    // What does not change with the rows as long as the support is the same.
    const shares = projected(stopGradient(rows));
    return [shares, cast(greater(shares, 0), "float32")];
  },
  (support, dy) => {
    const onSupport = mul(support, dy);
    const mean = div(sum(onSupport, -1, true), sum(support, -1, true));
    return [sub(onSupport, mul(support, mean))];
  },
);

/**
 * The loss of sparsemax, which gives probabilities of exactly 0: half the squared distance of the
 * scores to the one-hot label, less half that to the nearest probabilities.
 * @param scores - `[batch, classes]`, float32.
 * @param labels - `[batch]`, int32: the right classes.
 * @returns `[batch]`.
 * @throws NnxError when shapes or dtypes do not fit, and for labels that name no class (on a GPU,
 * whose values are out of reach, their loss is NaN).
 * @see `optax.losses.multiclass_sparsemax_loss`; Martins and Astudillo 2016,
 * https://arxiv.org/abs/1602.02068
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const scores = tf.tensor2d([[3, 0, 0], [1, 1, 0]]);
 * Array.from(nnx.multiclassSparsemaxLoss(scores, tf.tensor1d([0, 0], "int32")).dataSync()); // => [0, 0.25]
 * ```
 */
export function multiclassSparsemaxLoss(scores: Tensor, labels: Tensor): Tensor {
  const where = "multiclassSparsemaxLoss";
  checkFloats(where, "scores", scores);
  checkRank(where, "scores", scores, 2);
  checkLabelShape(where, labels, scores.shape.slice(0, 1));
  const classes = scores.shape[1] as number;
  checkLabels(where, labels, classes);
  const right = cast(oneHot(labels, classes), "bool");
  const score = sum(select(right, scores, scalar(0)), -1, true);
  const lead = select(right, scalar(0), sub(scores, score));
  const shares = projection(scores);
  const gain = sum(mul(shares, select(cast(shares, "bool"), lead, scalar(0))), -1);
  const loss = add(gain, mul(0.5, sub(1, sum(mul(shares, shares), -1))));
  return nanOutside(loss, labels, classes);
}

registerFunction("multiclassSparsemaxLoss", multiclassSparsemaxLoss);
