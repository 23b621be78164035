/** @file Losses of segmentations: how far predicted regions overlap with the true ones. */
import { NnxError, registerFunction } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import {
  add,
  div,
  expandDims,
  fuse,
  mean,
  mul,
  type Operand,
  sigmoid,
  slice,
  square,
  sub,
  sum,
  type Tensor,
} from "@nnxjs/kernels/internal";
import { type Axes, softmax } from "@nnxjs/layers";
import {
  axisListOrNull,
  checkGiven,
  flag,
  normalizeAxes,
  oneOf,
  type OptionChecks,
  orNull,
  shapeText,
} from "@nnxjs/layers/internal";
import { checkFloats, checkHasAxes, checkRank, checkSameShape, floatsOf, numeric } from "./arguments.ts";

const NAMES = ["predictions", "targets"] as const;

/** Options of {@link multiclassGeneralizedDiceLoss}, and of {@link diceLoss} among others. */
export interface GeneralizedDiceOptions {
  /** Added to numerator and denominator. @defaultValue 1 */
  smooth?: Operand;
  /**
   * Predictions are logits: they go through a softmax over the classes, or through a sigmoid if
   * there is one class. Otherwise they are probabilities.
   * @defaultValue true
   */
  applySoftmax?: boolean;
  /** Leave the first class out of the loss. @defaultValue false */
  ignoreBackground?: boolean;
}

/** Options of {@link diceLoss}. */
export interface DiceOptions extends GeneralizedDiceOptions {
  /** `[classes]`: what the loss of each class weighs. @defaultValue 1 */
  classWeights?: Tensor | null;
  /** What false positives weigh. @defaultValue 0.5 */
  alpha?: Operand;
  /** What false negatives weigh. @defaultValue 0.5 */
  beta?: Operand;
  /** How the losses of classes become one; `"none"`: not at all. @defaultValue "mean" */
  reduction?: "mean" | "sum" | "none";
  /** The axes to sum over. @defaultValue all but the first and the last */
  axis?: Axes | null;
}

/** Options of {@link binaryDiceLoss}. */
export interface BinaryDiceOptions {
  /** Added to numerator and denominator. @defaultValue 1 */
  smooth?: Operand;
  /** Predictions are logits, which go through a sigmoid. @defaultValue true */
  applySigmoid?: boolean;
}

const GENERALIZED: OptionChecks<GeneralizedDiceOptions> = {
  smooth: numeric,
  applySoftmax: flag,
  ignoreBackground: flag,
};

const DICE: OptionChecks<DiceOptions> = {
  ...GENERALIZED,
  classWeights: orNull(checkTensor),
  alpha: numeric,
  beta: numeric,
  reduction: oneOf("mean", "sum", "none"),
  axis: axisListOrNull,
};

const BINARY: OptionChecks<BinaryDiceOptions> = { smooth: numeric, applySigmoid: flag };

/**
 * One less the share of overlap, for each class:
 * `1 - (tp + smooth) / (tp + alpha * fp + beta * fn + smooth)` with sums over pixels of
 * probabilities. With other weights than 1/2 it is the Tversky loss.
 * @param predictions - `[batch, ..., classes]` logits, float32; for one class also `[batch, ...]`
 * with targets that have the class axis.
 * @param targets - The same shape: one-hot, or 0 and 1 for one class.
 * @returns `[batch]`, or `[batch, classes]` with `{ reduction: "none" }`.
 * @throws NnxError when shapes or dtypes do not fit; without `applySoftmax` for what are no
 * probabilities (not on a GPU, whose values are out of reach).
 * @see `optax.losses.dice_loss`; Milletari et al. 2016, https://arxiv.org/abs/1606.04797; Salehi et
 * al. 2017, https://arxiv.org/abs/1706.05721
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const targets = tf.oneHot(tf.tensor2d([[0, 1, 1, 0]], [1, 4], "int32"), 2);
 * const logits = tf.mul(tf.sub(targets, 0.5), 100); // sure, and right
 * nnx.diceLoss(logits, tf.cast(targets, "float32")).dataSync()[0]; // => 0
 * ```
 */
export function diceLoss(predictions: Tensor, targets: Tensor, options: DiceOptions = {}): Tensor {
  checkGiven("diceLoss", options, DICE);
  return dice("diceLoss", predictions, targets, options);
}

function dice(where: string, given: Tensor, truth: Tensor, options: DiceOptions): Tensor {
  const { smooth = 1, alpha = 0.5, beta = 0.5, applySoftmax = true, reduction = "mean" } = options;
  const { classWeights = null, ignoreBackground = false, axis = null } = options;
  checkFloats(where, "predictions", given);
  const masks = floatsOf(where, "targets", truth);
  const predictions = given.rank === masks.rank - 1 ? expandDims(given, -1) : given;
  const targets = masks.rank === predictions.rank - 1 ? expandDims(masks, -1) : masks;
  checkSameShape(where, NAMES, predictions, targets);
  checkHasAxes(where, "predictions", predictions);
  const classes = predictions.shape.at(-1) as number;
  if (!applySoftmax) checkProbabilities(where, predictions);
  const probabilities = applySoftmax ? shares(predictions) : predictions;
  const axes = normalizeAxes(where, axis ?? spatialAxes(predictions.rank), predictions.rank);
  // tensorflow.js takes no axes for all axes.
  const over = (x: Tensor): Tensor => (axes.length === 0 ? x : sum(x, axes));
  const both = over(mul(probabilities, targets));
  const onlyPredicted = mul(alpha, sub(over(probabilities), both));
  const onlyTrue = mul(beta, sub(over(targets), both));
  const all = add(add(add(both, onlyPredicted), onlyTrue), smooth);
  let losses = sub(1, div(add(both, smooth), all));
  if (classWeights) {
    checkRank(where, "classWeights", classWeights, 1);
    if (classWeights.size !== 1 && classWeights.size !== losses.shape.at(-1)) {
      throw new NnxError(
        `${where}: expected classWeights of shape ${shapeText([classes])}, got ${describe(classWeights)}. There is one for each class.`,
      );
    }
    losses = mul(losses, floatsOf(where, "classWeights", classWeights));
  }
  if (ignoreBackground && classes > 1) losses = withoutFirst(losses);
  if (reduction === "none") return losses;
  return reduction === "sum" ? sum(losses, -1) : mean(losses, -1);
}

const spatialAxes = (rank: number): number[] =>
  Array.from({ length: Math.max(rank - 2, 0) }, (_, i) => i + 1);

const shares = (logits: Tensor): Tensor => (logits.shape.at(-1) === 1 ? sigmoid(logits) : softmax(logits));

const withoutFirst = (x: Tensor): Tensor => {
  const begin = x.shape.map((_, axis) => (axis === x.rank - 1 ? 1 : 0));
  return slice(
    x,
    begin,
    x.shape.map((size, axis) => size - (begin[axis] as number)),
  );
};

/** @throws NnxError for rows that do not sum to 1, or single classes outside `[0, 1]`. */
function checkProbabilities(where: string, predictions: Tensor): void {
  const classes = predictions.shape.at(-1) as number;
  fuse([predictions], [], ([values]) => {
    const refuse = (expected: string, value: number): never => {
      throw new NnxError(
        `${where}: expected ${expected}, got ${value}. Leave predictions as logits, or apply the softmax before.`,
      );
    };
    for (let from = 0; values && from < values.length; from += classes) {
      let total = 0;
      for (let i = from; i < from + classes; i++) total += values[i] as number;
      if (classes === 1) {
        if (!(total >= 0 && total <= 1)) refuse("probabilities from 0 to 1", total);
      } else if (!(Math.abs(total - 1) <= 2e-5))
        refuse("probabilities that sum to 1 over the classes", total);
    }
  });
}

/** Keeps the weight of a class that is not there finite; optax's. */
const RARE = 1e-7;

/**
 * {@link diceLoss} with every class weighing the inverse square of its pixels, so that rare ones
 * count as much; the mean over batch and classes.
 * @param predictions - `[batch, ..., classes]` logits, float32.
 * @param targets - The same shape, one-hot.
 * @returns a scalar.
 * @throws NnxError as {@link diceLoss}.
 * @see `optax.losses.multiclass_generalized_dice_loss`; Sudre et al. 2017,
 * https://arxiv.org/abs/1707.03237
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const targets = tf.cast(tf.oneHot(tf.tensor2d([[0, 1, 1, 0]], [1, 4], "int32"), 2), "float32");
 * nnx.multiclassGeneralizedDiceLoss(tf.mul(tf.sub(targets, 0.5), 100), targets).shape; // => []
 * ```
 */
export function multiclassGeneralizedDiceLoss(
  predictions: Tensor,
  targets: Tensor,
  options: GeneralizedDiceOptions = {},
): Tensor {
  const where = "multiclassGeneralizedDiceLoss";
  checkGiven(where, options, GENERALIZED);
  checkFloats(where, "predictions", predictions);
  const masks = floatsOf(where, "targets", targets);
  checkSameShape(where, NAMES, predictions, masks);
  checkHasAxes(where, "predictions", predictions);
  const others = Array.from({ length: masks.rank - 1 }, (_, i) => i);
  const pixels = others.length === 0 ? masks : sum(masks, others);
  const rarity = div(1, add(square(pixels), RARE));
  const classWeights = mul(div(rarity, sum(rarity)), rarity.size);
  return mean(dice(where, predictions, masks, { ...options, classWeights, reduction: "none" }));
}

/**
 * {@link diceLoss} of one class.
 * @param predictions - `[batch, ...]` or `[batch, ..., 1]` logits, float32.
 * @param targets - The same shape: 0 and 1.
 * @returns `[batch]`. Of one axis alone, one loss for each element, as in optax.
 * @throws NnxError as {@link diceLoss}.
 * @see `optax.losses.binary_dice_loss`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const targets = tf.tensor2d([[0, 1, 1, 0]]);
 * nnx.binaryDiceLoss(tf.mul(tf.sub(targets, 0.5), 200), targets).dataSync()[0]; // => 0
 * ```
 */
export function binaryDiceLoss(
  predictions: Tensor,
  targets: Tensor,
  options: BinaryDiceOptions = {},
): Tensor {
  const where = "binaryDiceLoss";
  checkGiven(where, options, BINARY);
  checkTensor(where, "predictions", predictions);
  checkTensor(where, "targets", targets);
  const { smooth = 1, applySigmoid = true } = options;
  const lacksClasses = predictions.rank === targets.rank && predictions.shape.at(-1) !== 1;
  const [x, y] = lacksClasses
    ? [expandDims(predictions, -1), expandDims(targets, -1)]
    : [predictions, targets];
  return dice(where, x, y, { smooth, applySoftmax: applySigmoid });
}

registerFunction("diceLoss", diceLoss);
registerFunction("multiclassGeneralizedDiceLoss", multiclassGeneralizedDiceLoss);
registerFunction("binaryDiceLoss", binaryDiceLoss);
