/** @file Cross entropies of the softmax of logits, with labels that are probabilities. */
import { NnxError, registerFunction } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import {
  add,
  broadcastTo,
  expandDims,
  mul,
  neg,
  type Operand,
  sub,
  type Tensor,
} from "@nnxjs/kernels/internal";
import { logSoftmax, softmax } from "@nnxjs/layers";
import { checkGiven, type OptionChecks } from "@nnxjs/layers/internal";
import { axesFrom, comparedShape, checkFloats, checkHasAxes, floatsOf, numeric } from "./arguments.ts";
import { crossEntropyOfRows } from "./cross-entropy.ts";
import { maskedOut, maskedSum, REDUCTION, type ReductionOptions } from "./masked-sum.ts";

const NAMES = ["logits", "labels"] as const;

/** What both losses here begin with: labels as floats, the axes and the mask. */
function prepare(where: string, logits: Tensor, labels: Tensor, options: ReductionOptions) {
  checkFloats(where, "logits", logits);
  checkHasAxes(where, "logits", logits);
  const shares = floatsOf(where, "labels", labels);
  const shape = comparedShape(where, NAMES, logits, shares);
  const { axis = -1, where: given = null } = options;
  const axes = axesFrom(where, axis, logits.rank);
  const odd = axes.find((at) => shares.shape[at - logits.rank + shares.rank] !== logits.shape[at]);
  if (odd !== undefined) {
    throw new NnxError(
      `${where}: expected labels with a share of each of ${logits.shape[odd]} classes, got ${describe(labels)} for ` +
        `${describe(logits)}. Make them of whole numbers by nnx.oneHot, or take softmaxCrossEntropyWithIntegerLabels.`,
    );
  }
  // A mask of examples, without the axes of classes.
  const isByExample = given !== null && given.rank === logits.rank - axes.length && given.rank < logits.rank;
  const mask = isByExample ? axes.reduce<Tensor>((each, at) => expandDims(each, at), given) : given;
  return { shares, axes, mask, sumAxes: axesFrom(where, axis, shape.length), shape };
}

type Prepared = ReturnType<typeof prepare>;

function entropyOf(where: string, logits: Tensor, { shares, axes, mask, sumAxes, shape }: Prepared): Tensor {
  const isLast = axes.length === 1 && axes[0] === logits.rank - 1;
  const isAlike = [logits, shares].every((x) => String(x.shape) === String(shape));
  if (!mask && isLast && isAlike) return crossEntropyOfRows(logits, shares, false);
  const logs = logSoftmax(logits, { axis: axes, where: mask });
  // What does not count is -Infinity there, which zero times would be NaN in the gradient of labels.
  const terms = mul(shares, mask ? maskedOut(logs, mask) : logs);
  return neg(maskedSum(where, terms, sumAxes, mask));
}

/**
 * `-sum(labels * log(softmax(logits)))` along `axis`, in nats.
 * @param logits - `[..., classes]`, float32.
 * @param labels - Probabilities or one-hot rows, broadcast with the logits; any dtype.
 * @param options - `axis`: -1 by default. `where`: bool, in the shape of the logits without the
 * axes, or broadcastable to the logits: what counts; where nothing does the loss is 0.
 * @returns the shape that both broadcast to, less `axis`. NaN where a logit is infinite, unless it
 * is `-Infinity` and {@link safeSoftmaxCrossEntropy} is used.
 * @throws NnxError when shapes do not fit, or logits are not float32.
 * @see `optax.softmax_cross_entropy`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const logits = tf.tensor2d([[1.2, -0.8, -0.5], [0.9, -1.2, 1.1]]);
 * const labels = tf.tensor2d([[1, 0, 0], [0, 1, 0]]);
 * nnx.softmaxCrossEntropy(logits, labels).dataSync(); // [0.2761, 2.9518]
 * ```
 */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor, options: ReductionOptions = {}): Tensor {
  const where = "softmaxCrossEntropy";
  checkGiven(where, options, REDUCTION);
  return entropyOf(where, logits, prepare(where, logits, labels, options));
}

/**
 * {@link softmaxCrossEntropy} in which a label of 0 counts 0 also where its logit is `-Infinity`.
 * @param logits - `[..., classes]`, float32.
 * @param labels - Probabilities or one-hot rows, broadcast with the logits; any dtype.
 * @returns the shape that both broadcast to, less the last axis.
 * @throws NnxError when shapes do not fit, or logits are not float32.
 * @see `optax.safe_softmax_cross_entropy`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.safeSoftmaxCrossEntropy(tf.zeros([2, 3]), nnx.oneHot(tf.tensor1d([0, 2], "int32"), 3)).shape; // => [2]
 * ```
 */
export function safeSoftmaxCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
  const { shares, shape } = prepare("safeSoftmaxCrossEntropy", logits, labels, {});
  return crossEntropyOfRows(broadcastTo(logits, shape), broadcastTo(shares, shape), true);
}

/** Options of {@link polyLossCrossEntropy}. */
export interface PolyLossOptions extends ReductionOptions {
  /** What the probability of the wrong answers weighs. @defaultValue 2 */
  epsilon?: Operand;
}

const POLY: OptionChecks<PolyLossOptions> = { ...REDUCTION, epsilon: numeric };

/**
 * `softmaxCrossEntropy + epsilon * sum(labels * (1 - softmax(logits)))`: the cross entropy with
 * another first term of its expansion.
 * @param logits - `[..., classes]`, float32.
 * @param labels - Probabilities or one-hot rows, broadcast with the logits, float32.
 * @param options - As those of {@link softmaxCrossEntropy}, and `epsilon`.
 * @returns the shape that both broadcast to, less `axis`.
 * @throws NnxError when shapes do not fit, or dtypes are not float32.
 * @see `optax.poly_loss_cross_entropy`; Leng et al. 2022, https://arxiv.org/abs/2204.12511
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.polyLossCrossEntropy(tf.zeros([2, 4]), nnx.oneHot(tf.tensor1d([0, 3], "int32"), 4)).shape; // => [2]
 * ```
 */
export function polyLossCrossEntropy(logits: Tensor, labels: Tensor, options: PolyLossOptions = {}): Tensor {
  const where = "polyLossCrossEntropy";
  checkGiven(where, options, POLY);
  checkFloats(where, "labels", labels);
  const { epsilon = 2, ...reduction } = options;
  const prepared = prepare(where, logits, labels, reduction);
  const { shares, axes, mask, sumAxes } = prepared;
  const wrong = mul(shares, sub(1, softmax(logits, { axis: axes, where: mask })));
  return add(entropyOf(where, logits, prepared), mul(epsilon, maskedSum(where, wrong, sumAxes, mask)));
}

registerFunction("softmaxCrossEntropy", softmaxCrossEntropy);
registerFunction("safeSoftmaxCrossEntropy", safeSoftmaxCrossEntropy);
registerFunction("polyLossCrossEntropy", polyLossCrossEntropy);
