/** @file Losses of rankings. */
import { NnxError, registerFunction } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import {
  broadcastTo,
  cast,
  div,
  greater,
  isTensor,
  max,
  mean,
  mul,
  neg,
  scalar,
  sum,
  type Tensor,
  where as select,
} from "@nnxjs/kernels/internal";
import { logSoftmax } from "@nnxjs/layers";
import {
  checkBroadcast,
  checkGiven,
  type OptionCheck,
  type OptionChecks,
  orNull,
} from "@nnxjs/layers/internal";
import { checkFloats, checkHasAxes, checkSameShape, floatsOf } from "./arguments.ts";
import { maskedOut, maskedSum } from "./masked-sum.ts";

/**
 * How the losses of lists become one: their mean, their sum, `null` for none of it, or a function of
 * the losses and of which lists count (bool in their shape, or `null` for all).
 */
export type RankingReduction = "mean" | "sum" | null | ((losses: Tensor, where: Tensor | null) => Tensor);

/** Options of {@link rankingSoftmaxLoss}. */
export interface RankingSoftmaxOptions {
  /** Bool, broadcastable to the logits: which items there are. @defaultValue all */
  where?: Tensor | null;
  /** What each item weighs, broadcastable to the labels. @defaultValue 1 */
  weights?: Tensor | null;
  /** @defaultValue "mean" */
  reduceFn?: RankingReduction;
}

const reduction: OptionCheck = (where, name, value) => {
  if (value === null || value === "mean" || value === "sum" || typeof value === "function") return;
  throw new NnxError(
    `${where}: expected ${name} to be "mean", "sum", null or a function, got ${describe(value)}. Pass null for one loss per list.`,
  );
};

const RANKING: OptionChecks<RankingSoftmaxOptions> = {
  where: orNull(checkTensor),
  weights: orNull(checkTensor),
  reduceFn: reduction,
};

/**
 * `-sum(labels * log(softmax(logits)))` of each list of items: how far scores are from ranking them
 * as the labels do.
 * @param logits - `[..., items]`: the score of each item, float32.
 * @param labels - The same shape: how relevant each item is, 0 for not at all.
 * @returns a scalar, or `[...]` with `{ reduceFn: null }`. Lists without items do not count; when
 * there are no others the mean is 0.
 * @throws NnxError when shapes do not fit, or logits are not float32.
 * @see `optax.losses.ranking_softmax_loss`; Cao et al. 2007 (ListNet)
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const loss = nnx.rankingSoftmaxLoss(tf.tensor2d([[5, 0], [5, 0]]), tf.tensor2d([[1, 0], [0, 1]]), {
 *   reduceFn: null,
 * });
 * Array.from(loss.dataSync(), (each) => each.toFixed(2)); // => ["0.01", "5.01"]
 * ```
 */
export function rankingSoftmaxLoss(
  logits: Tensor,
  labels: Tensor,
  options: RankingSoftmaxOptions = {},
): Tensor {
  const where = "rankingSoftmaxLoss";
  checkGiven(where, options, RANKING);
  checkFloats(where, "logits", logits);
  checkHasAxes(where, "logits", logits);
  const grades = floatsOf(where, "labels", labels);
  checkSameShape(where, ["logits", "labels"], logits, grades);
  const { where: given = null, weights = null, reduceFn = "mean" } = options;
  if (given) checkBroadcast(where, "where", given, logits.shape);
  if (weights) checkBroadcast(where, "weights", weights, logits.shape);
  const mask = given && broadcastTo(cast(given, "bool"), logits.shape);
  const counted = mask ? maskedOut(grades, mask) : grades;
  const weighted = weights ? mul(counted, floatsOf(where, "weights", weights)) : counted;
  const scores = mask ? select(mask, logits, scalar(Number.NEGATIVE_INFINITY)) : logits;
  const losses = neg(maskedSum(where, mul(weighted, logSoftmax(scores)), [logits.rank - 1], mask));
  const lists = mask && cast(max(cast(mask, "float32"), -1), "bool");
  return reduced(where, losses, lists, reduceFn);
}

function reduced(where: string, losses: Tensor, lists: Tensor | null, reduceFn: RankingReduction): Tensor {
  if (typeof reduceFn === "function") {
    const result: unknown = reduceFn(losses, lists);
    if (isTensor(result)) return result;
    throw new NnxError(
      `${where}: expected reduceFn to return a tensor, got ${describe(result)}. Return what is to be the loss.`,
    );
  }
  const counted = lists ? maskedOut(losses, lists) : losses;
  if (reduceFn === null) return counted;
  if (reduceFn === "sum") return sum(counted);
  if (!lists) return losses.size === 0 ? scalar(0) : mean(losses);
  const count = sum(cast(lists, "float32"));
  return select(greater(count, 0), div(sum(counted), count), scalar(0));
}

registerFunction("rankingSoftmaxLoss", rankingSoftmaxLoss);
