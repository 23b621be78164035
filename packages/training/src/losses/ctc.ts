/** @file Connectionist temporal classification. */
import { customVjp, type CustomVjpFunction, NnxError, vjp, registerFunction } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import {
  cast,
  fuse,
  greater,
  greaterEqual,
  isRecording,
  less,
  logicalAnd,
  logicalOr,
  min,
  mul,
  notEqual,
  reshape,
  sameShape,
  scalar,
  type Tensor,
  where as select,
} from "@nnxjs/kernels/internal";
import { checkGiven, count, finite, type OptionChecks, shapeText } from "@nnxjs/layers/internal";
import { checkFloats, checkRank, floatsOf } from "./arguments.ts";
import { checkLabelShape } from "./class-labels.ts";
import { type CtcSizes, runCtc } from "./ctc-loop.ts";
import { ctcOps, type CtcTensors } from "./ctc-ops.ts";

/** Options of {@link ctcLoss}. */
export interface CtcOptions {
  /** The class that stands for no label. @defaultValue 0 */
  blankId?: number;
  /** What stands for the logarithm of 0. @defaultValue -1e5 */
  logEpsilon?: number;
}

const CTC: OptionChecks<CtcOptions> = { blankId: count, logEpsilon: finite };

/** The losses `[batch]`, and the logarithms of the forward probabilities. */
export type CtcForwardProbs = readonly [
  losses: Tensor,
  /** `[frames, batch, labels + 1]`: to be on a blank before label n. */
  logAlphaBlank: Tensor,
  /** `[frames, batch, labels]`: to be on label n. */
  logAlphaLabel: Tensor,
];

interface Call {
  readonly tensors: CtcTensors;
  readonly sizes: CtcSizes;
}

/** @throws NnxError unless a tensor has this shape: one value for each frame, or for each label. */
function checkShape(where: string, name: string, x: Tensor, shape: readonly number[]): void {
  if (sameShape(x.shape, shape)) return;
  throw new NnxError(
    `${where}: expected ${name} of shape ${shapeText(shape)}, got ${describe(x)}. It is 1 at what does not count, and 0 elsewhere.`,
  );
}

/** @throws NnxError for what does not fit together. */
function prepare(
  where: string,
  [logits, logitPaddings, labels, labelPaddings]: readonly [Tensor, Tensor, Tensor, Tensor],
  options: CtcOptions,
): Call {
  checkGiven(where, options, CTC);
  const { blankId = 0, logEpsilon = -1e5 } = options;
  checkFloats(where, "logits", logits);
  checkRank(where, "logits", logits, 3);
  checkTensor(where, "labels", labels);
  checkRank(where, "labels", labels, 2);
  const [batch, frames, classes] = logits.shape as [number, number, number];
  const [, maxLabels] = labels.shape as [number, number];
  checkLabelShape(where, labels, [batch, maxLabels]);
  const framePaddings = floatsOf(where, "logitPaddings", logitPaddings);
  checkShape(where, "logitPaddings", framePaddings, [batch, frames]);
  const ofLabels = floatsOf(where, "labelPaddings", labelPaddings);
  checkShape(where, "labelPaddings", ofLabels, [batch, maxLabels]);
  if (frames === 0 || maxLabels === 0) {
    const [name, empty] = frames === 0 ? ["frame", logits] : ["label", labels];
    throw new NnxError(
      `${where}: expected at least one ${name}, got ${describe(empty)}. Add one that is padding.`,
    );
  }
  if (blankId >= classes) {
    throw new NnxError(
      `${where}: expected a blankId below the number of classes, ${classes}, got ${blankId}. It counts from 0.`,
    );
  }
  const tensors = { logits, framePaddings, labels, labelPaddings: ofLabels };
  const sizes = { batch, frames, classes, maxLabels, blankId, logEpsilon };
  checkValues(where, tensors, sizes);
  return { tensors, sizes };
}

/** @throws NnxError for paddings and labels that cannot be, where values are within reach. */
function checkValues(
  where: string,
  { framePaddings, labels, labelPaddings }: CtcTensors,
  sizes: CtcSizes,
): void {
  const { classes, blankId, maxLabels } = sizes;
  fuse([framePaddings, cast(labels, "float32"), labelPaddings], [], ([frames, names, paddings]) => {
    if (!frames || !names || !paddings) return;
    const refuse = (expected: string, value: number | undefined, advice: string): never => {
      throw new NnxError(`${where}: expected ${expected}, got ${value}. ${advice}`);
    };
    const isOdd = (padding: number): boolean => padding !== 0 && padding !== 1;
    const odd = frames.find(isOdd) ?? paddings.find(isOdd);
    if (odd !== undefined) refuse("paddings of 0 and 1", odd, "1 is what does not count.");
    names.forEach((label, i) => {
      const sequence = Math.floor(i / maxLabels);
      if (paddings[i] === 1) return;
      if (i % maxLabels > 0 && paddings[i - 1] === 1) {
        refuse(
          `labels without padding before them in sequence ${sequence}`,
          label,
          "Move padding to the end.",
        );
      }
      if (label >= 0 && label < classes && label !== blankId) return;
      refuse(
        `labels from 0 to ${classes - 1} other than the blank ${blankId} in sequence ${sequence}`,
        label,
        "Pad what is no label with { labelPaddings } of 1, or choose another blankId.",
      );
    });
  });
}

/** The loop over plain numbers; `undefined` where they are out of reach. */
function fused(
  { tensors, sizes }: Call,
  wanted: "losses" | "gradient" | "alphas",
): readonly Tensor[] | undefined {
  const { batch, frames, maxLabels } = sizes;
  const { logits, framePaddings, labels, labelPaddings } = tensors;
  const shapes = {
    losses: [[batch]],
    gradient: [[batch], logits.shape],
    alphas: [[batch], [frames, batch, maxLabels + 1], [frames, batch, maxLabels]],
  }[wanted];
  const inputs = [logits, framePaddings, cast(labels, "float32"), labelPaddings];
  return fuse(inputs, shapes, ([x, ofFrames, names, ofLabels], [losses, second, third]) => {
    if (!x || !ofFrames || !names || !ofLabels || !losses) return;
    const numbers = { logits: x, framePaddings: ofFrames, labels: names, labelPaddings: ofLabels };
    const alphas = { losses, blanks: second, emits: third };
    runCtc(numbers, sizes, wanted === "gradient" ? { losses, gradient: second } : alphas);
  });
}

/** Whether the loop can run: what is out of reach of the checks is out of its reach too. */
const isWithinReach = ({ logits }: CtcTensors): boolean => fuse([logits], [], () => undefined) !== undefined;

const withLogits = ({ tensors, sizes }: Call, logits: Tensor): Call => ({
  tensors: { ...tensors, logits },
  sizes,
});

/** Of single ops, with NaN for sequences whose labels are no classes. */
function composed(call: Call): CtcForwardProbs {
  const { labels, labelPaddings } = call.tensors;
  const { classes, blankId } = call.sizes;
  const [losses, blanks, emits] = ctcOps(call.tensors, call.sizes);
  const integer = (value: number): Tensor => scalar(value, "int32");
  const isClass = logicalAnd(greaterEqual(labels, integer(0)), less(labels, integer(classes)));
  const fits = logicalOr(logicalAnd(isClass, notEqual(labels, integer(blankId))), greater(labelPaddings, 0));
  const allFit = cast(min(cast(fits, "float32"), 1), "bool");
  return [select(allFit, losses, scalar(Number.NaN)), blanks, emits];
}

/** The losses of logits; all else is as the call has it. */
const losses: CustomVjpFunction<[logits: Tensor, call: Call], Tensor> = customVjp(
  (logits: Tensor, call: Call) => {
    const now = withLogits(call, logits);
    return fused(now, "losses")?.[0] ?? composed(now)[0];
  },
  { nondiffArgnums: [1] },
);
losses.defvjp(
  (logits, call) => {
    const [value, gradient] = fused(withLogits(call, logits), "gradient") ?? [];
    return [value as Tensor, { logits, gradient, call }] as const;
  },
  ({ logits, gradient, call }, dy) => {
    const { batch } = call.sizes;
    if (!isRecording() && gradient) return [mul(gradient, reshape(dy, [batch, 1, 1]))];
    // A gradient that is differentiated must be on the tape.
    const [, pullBack] = vjp((x: Tensor) => composed(withLogits(call, x))[0], [logits]);
    try {
      return [pullBack(dy)[0]];
    } finally {
      pullBack.dispose();
    }
  },
);

/**
 * The negative logarithm of the probability of a label sequence, over all ways to align it with the
 * frames: CTC. Classes may repeat over frames, and a blank may stand between them.
 * @param logits - `[batch, frames, classes]`, float32.
 * @param logitPaddings - `[batch, frames]`: 1 for frames that do not count, else 0.
 * @param labels - `[batch, labels]`, int32: classes other than the blank.
 * @param labelPaddings - `[batch, labels]`: 1 for labels that do not count, all at the end; else 0.
 * @returns `[batch]`, in nats; about `-logEpsilon` for labels that do not fit into the frames.
 * @throws NnxError when shapes or dtypes do not fit, and for paddings that are neither 0 nor 1 or
 * before labels, and labels that name no class or the blank (on a GPU, whose values are out of
 * reach, the loss of such a sequence is NaN).
 * @see `optax.ctc_loss`; Graves et al. 2006, https://doi.org/10.1145/1143844.1143891
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const logits = tf.zeros([1, 2, 3]); // two frames, all classes alike
 * const labels = tf.tensor2d([[1]], [1, 1], "int32");
 * // Three of nine paths spell it: 1 blank, blank 1, 1 1.
 * nnx.ctcLoss(logits, tf.zeros([1, 2]), labels, tf.zeros([1, 1])).dataSync(); // [log(3)]
 * ```
 */
export function ctcLoss(
  logits: Tensor,
  logitPaddings: Tensor,
  labels: Tensor,
  labelPaddings: Tensor,
  options: CtcOptions = {},
): Tensor {
  const call = prepare("ctcLoss", [logits, logitPaddings, labels, labelPaddings], options);
  return isWithinReach(call.tensors) ? losses(logits, call) : composed(call)[0];
}

/**
 * {@link ctcLoss} with the logarithms of its forward probabilities.
 * @param logits - `[batch, frames, classes]`, float32.
 * @param logitPaddings - `[batch, frames]`: 1 for frames that do not count, else 0.
 * @param labels - `[batch, labels]`, int32: classes other than the blank.
 * @param labelPaddings - `[batch, labels]`: 1 for labels that do not count, all at the end; else 0.
 * @throws as {@link ctcLoss}.
 * @see `optax.ctc_loss_with_forward_probs`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const labels = tf.tensor2d([[1]], [1, 1], "int32");
 * const [losses, onBlank, onLabel] = nnx.ctcLossWithForwardProbs(
 *   tf.zeros([1, 2, 3]),
 *   tf.zeros([1, 2]),
 *   labels,
 *   tf.zeros([1, 1]),
 * );
 * [losses.shape, onBlank.shape, onLabel.shape]; // => [[1], [2, 1, 2], [2, 1, 1]]
 * ```
 */
export function ctcLossWithForwardProbs(
  logits: Tensor,
  logitPaddings: Tensor,
  labels: Tensor,
  labelPaddings: Tensor,
  options: CtcOptions = {},
): CtcForwardProbs {
  const where = "ctcLossWithForwardProbs";
  const call = prepare(where, [logits, logitPaddings, labels, labelPaddings], options);
  const found = isRecording() ? undefined : fused(call, "alphas");
  return (found as CtcForwardProbs | undefined) ?? composed(call);
}

registerFunction("ctcLoss", ctcLoss);
registerFunction("ctcLossWithForwardProbs", ctcLossWithForwardProbs);
