/** @file Losses of embeddings. */
import { NnxError, stopGradient, registerFunction } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import {
  add,
  cast,
  concat,
  div,
  equal,
  exp,
  expandDims,
  log,
  logicalAnd,
  logicalNot,
  max,
  maximum,
  neg,
  type Operand,
  pow,
  scalar,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tensorOf,
  where as select,
} from "@nnxjs/kernels/internal";
import {
  checkGiven,
  integer,
  normalizeAxis,
  type OptionCheck,
  type OptionChecks,
} from "@nnxjs/layers/internal";
import { broadcastShape, checkFloats, checkRank, numeric } from "./arguments.ts";
import { cosineSimilarity } from "./cosine.ts";

/** Options of {@link ntxent}. */
export interface NtxentOptions {
  /** What similarities are divided by: a number, or a tensor that may be learnt. @defaultValue 0.07 */
  temperature?: Operand;
}

const NTXENT: OptionChecks<NtxentOptions> = { temperature: numeric };

/** What float32 has between 1 and the next number. */
const FLOAT_EPSILON = 2 ** -23;

/**
 * The cross entropy, over temperature, with which each example finds those of its own group among
 * all of other groups, by the cosine of their embeddings: NT-Xent, the mean over all pairs.
 * @param embeddings - `[batch, features]`, float32.
 * @param labels - `[batch]`: the groups, any numbers. Each group needs two examples at least.
 * @returns a scalar; NaN when no two examples are of one group, as in optax.
 * @throws NnxError when shapes do not fit, or embeddings are not float32.
 * @see `optax.ntxent`; Chen et al. 2020, https://arxiv.org/abs/2002.05709
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const views = tf.tensor2d([[1, 0], [1, 0.1], [0, 1], [0.1, 1]]); // two examples, two views of each
 * nnx.ntxent(views, tf.tensor1d([0, 0, 1, 1])).dataSync()[0]! < 0.1; // => true
 * ```
 */
export function ntxent(embeddings: Tensor, labels: Tensor, options: NtxentOptions = {}): Tensor {
  checkGiven("ntxent", options, NTXENT);
  checkFloats("ntxent", "embeddings", embeddings);
  checkRank("ntxent", "embeddings", embeddings, 2);
  checkTensor("ntxent", "labels", labels);
  checkRank("ntxent", "labels", labels, 1);
  const batch = embeddings.shape[0];
  if (labels.shape[0] !== batch) {
    throw new NnxError(
      `ntxent: expected one label for each of ${batch} embeddings, got ${describe(labels)}. Give both members of a pair the same label.`,
    );
  }
  const { temperature = 0.07 } = options;
  const cosines = cosineSimilarity(expandDims(embeddings, 0), expandDims(embeddings, 1), {
    epsilon: FLOAT_EPSILON,
  });
  const similarities = div(cosines, temperature);
  const isAlike = equal(expandDims(labels, 1), expandDims(labels, 0));
  const itself = tensorOf(
    Array.from({ length: batch * batch }, (_, i) => +(i % (batch + 1) === 0)),
    [batch, batch],
    "bool",
  );
  const isPair = logicalAnd(isAlike, logicalNot(itself));
  const nothing = scalar(Number.NEGATIVE_INFINITY);
  const others = select(isAlike, nothing, similarities);
  const pairs = select(isPair, similarities, nothing);
  const largest = stopGradient(max(concat([others, pairs], 1), 1, true));
  const shifted = sub(pairs, largest);
  const total = add(sum(exp(sub(others, largest)), 1, true), exp(shifted));
  const losses = select(isPair, sub(shifted, log(total)), scalar(0));
  return div(neg(sum(losses)), sum(cast(isPair, "float32")));
}

/** Options of {@link tripletMarginLoss}. */
export interface TripletMarginOptions {
  /** Along which axis embeddings lie. @defaultValue -1 */
  axis?: number;
  /**
   * The power that differences are raised to; the distance is that root of their sum. Odd powers
   * keep signs, as in optax.
   * @defaultValue 2
   */
  normDegree?: number;
  /** How much nearer than the negative the positive is to be. @defaultValue 1 */
  margin?: Operand;
  /** Added under the root. @defaultValue 1e-6 */
  eps?: Operand;
}

const degree: OptionCheck = (where, name, value) => {
  if (typeof value === "number" && Number.isFinite(value) && value > 0) return;
  throw new NnxError(
    `${where}: expected ${name} to be a number above 0, got ${describe(value)}. Pass 2 for Euclidean distances.`,
  );
};

const TRIPLET: OptionChecks<TripletMarginOptions> = {
  axis: integer,
  normDegree: degree,
  margin: numeric,
  eps: numeric,
};

/**
 * `max(0, distance to the positive - distance to the negative + margin)` for each anchor.
 * @param anchors - `[batch, features]`, float32.
 * @param positives - Embeddings like the anchors', broadcast with them.
 * @param negatives - Embeddings unlike the anchors', broadcast with them.
 * @returns `[batch]`.
 * @throws NnxError when shapes do not fit, or dtypes are not float32.
 * @see `optax.losses.triplet_margin_loss`; Balntas et al. 2016, https://doi.org/10.5244/C.30.119
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const [anchor, near, far] = [0, 1, 3].map((x) => tf.tensor2d([[x, 0]]));
 * nnx.tripletMarginLoss(anchor!, near!, far!).dataSync()[0]; // => 0
 * ```
 */
export function tripletMarginLoss(
  anchors: Tensor,
  positives: Tensor,
  negatives: Tensor,
  options: TripletMarginOptions = {},
): Tensor {
  const where = "tripletMarginLoss";
  checkGiven(where, options, TRIPLET);
  const { axis = -1, normDegree = 2, margin = 1, eps = 1e-6 } = options;
  checkFloats(where, "anchors", anchors);
  const distance = (name: string, others: Tensor): Tensor => {
    checkFloats(where, name, others);
    const { length } = broadcastShape(where, ["anchors", name], anchors, others);
    const differences = sub(anchors, others);
    const powers = normDegree === 2 ? square(differences) : pow(differences, normDegree);
    const total = add(sum(powers, normalizeAxis(where, axis, length)), eps);
    return normDegree === 2 ? sqrt(total) : pow(total, 1 / normDegree);
  };
  const [near, far] = [distance("positives", positives), distance("negatives", negatives)];
  return maximum(add(sub(near, far), margin), 0);
}

registerFunction("ntxent", ntxent);
registerFunction("tripletMarginLoss", tripletMarginLoss);
