/** @file The cross entropy of the softmax of logits, with labels that are numbers of classes. */
import { NnxError, registerFunction, stopGradient } from "@nnxjs/nnx-core";
import {
  abs,
  broadcastTo,
  cast,
  expandDims,
  labelEntropyOf,
  less,
  max,
  reshape,
  scalar,
  sizeOf,
  squeeze,
  sub,
  type Tensor,
  transpose,
  where as select,
} from "@nnxjs/kernels/internal";
import { type Axes, takeAlongAxis } from "@nnxjs/layers";
import {
  axisList,
  checkBroadcast,
  checkGiven,
  logsumexpBy,
  normalizeAxis,
  type OptionChecks,
  orNull,
} from "@nnxjs/layers/internal";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import { checkFloats, checkHasAxes } from "./arguments.ts";
import { checkLabels, checkLabelShape } from "./class-labels.ts";

/** Options of {@link softmaxCrossEntropyWithIntegerLabels}. */
export interface IntegerLabelOptions {
  /**
   * Where the classes are. Of several axes, in the order given, a label is the position in the
   * row that they make.
   * @defaultValue -1
   */
  axis?: Axes;
  /**
   * Bool, in the shape of the labels or broadcastable to the logits: what counts. Where nothing
   * does the loss is 0 and the label may be anything.
   * @defaultValue all
   */
  where?: Tensor | null;
}

const OPTIONS: OptionChecks<IntegerLabelOptions> = { axis: axisList, where: orNull(checkTensor) };

/**
 * Logits less the largest of their row that counts, if that is finite: what a large logit is above
 * the others is exact, but a logarithm added to it is rounded.
 */
function centredOf(logits: Tensor, mask: Tensor | null = null): Tensor {
  const counted = mask ? select(cast(mask, "bool"), logits, scalar(Number.NEGATIVE_INFINITY)) : logits;
  const largest = stopGradient(max(counted, -1, true));
  return sub(logits, select(less(abs(largest), Number.POSITIVE_INFINITY), largest, scalar(0)));
}

/** Of single ops: logits `[..., classes]`, labels `[...]`; NaN for labels that are no classes. */
function composed(logits: Tensor, labels: Tensor, mask: Tensor | null = null): Tensor {
  const centred = centredOf(logits, mask);
  const outside = scalar(logits.shape.at(-1) as number, "int32");
  const positions = select(less(labels, scalar(0, "int32")), outside, labels);
  const right = squeeze(takeAlongAxis(centred, expandDims(positions, -1)), [-1]);
  return sub(logsumexpBy(centred, { axis: -1, where: mask }), right);
}

/** The axes of classes as the last one, their sizes joined. */
function classesLast(x: Tensor, axes: readonly number[]): Tensor {
  const others = Array.from({ length: x.rank }, (_, i) => i).filter((each) => !axes.includes(each));
  const order = [...others, ...axes];
  const turned = order.every((from, to) => from === to) ? x : transpose(x, order);
  const classes = axes.reduce((size, each) => size * (x.shape[each] as number), 1);
  return axes.length === 1 ? turned : reshape(turned, [...others.map((i) => x.shape[i] as number), classes]);
}

/**
 * `-log(softmax(logits)[label])`, in nats.
 * @param logits - `[..., classes]`, float32; the classes are along `axis`.
 * @param labels - `[...]`, int32: the right classes, from 0.
 * @returns `[...]`; 0 where nothing counts.
 * @throws NnxError when shapes or dtypes do not fit, and for labels that name no class (on a GPU,
 * whose values are out of reach, their loss is NaN).
 * @see `optax.softmax_cross_entropy_with_integer_labels`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const logits = tf.tensor2d([[1.2, -0.8, -0.5], [0.9, -1.2, 1.1]]);
 * const labels = tf.tensor1d([0, 1], "int32");
 * nnx.softmaxCrossEntropyWithIntegerLabels(logits, labels).dataSync(); // [0.2761, 2.9518]
 * ```
 */
export function softmaxCrossEntropyWithIntegerLabels(
  logits: Tensor,
  labels: Tensor,
  options: IntegerLabelOptions = {},
): Tensor {
  const where = "softmaxCrossEntropyWithIntegerLabels";
  checkGiven(where, options, OPTIONS);
  checkFloats(where, "logits", logits);
  checkHasAxes(where, "logits", logits);
  const { axis = -1, where: given = null } = options;
  const axes = axesInOrder(where, axis, logits.rank);
  const scores = classesLast(logits, axes);
  const examples = scores.shape.slice(0, -1);
  const classes = scores.shape.at(-1) as number;
  checkLabelShape(where, labels, examples);
  const mask = given && maskOf(where, given, { logits, axes, examples });
  if (!mask) {
    checkLabels(where, labels, classes);
    const rows = [labels.size, classes];
    const [x, ids] = [reshape(scores, rows), reshape(labels, [labels.size])];
    const losses = labelEntropyOf(x, ids) ?? composed(x, ids);
    return reshape(losses, examples);
  }
  const counts = max(cast(mask, "float32"), -1);
  checkLabels(where, labels, classes, counts);
  return select(cast(counts, "bool"), composed(scores, labels, mask), scalar(0));
}

/** Axes from the start, in their order. @throws NnxError for none, and for one that is there twice. */
function axesInOrder(where: string, axis: Axes, rank: number): number[] {
  const axes = (typeof axis === "number" ? [axis] : axis).map((each) => normalizeAxis(where, each, rank));
  if (axes.length > 0 && new Set(axes).size === axes.length) return axes;
  throw new NnxError(
    `${where}: expected different axes of classes, got ${describe(axis)}. Name one axis, or several once each.`,
  );
}

interface Place {
  readonly logits: Tensor;
  readonly axes: readonly number[];
  readonly examples: readonly number[];
}

/** A mask with the classes last, in the shape `[...examples, classes]`. */
function maskOf(where: string, mask: Tensor, { logits, axes, examples }: Place): Tensor {
  if (mask.rank === examples.length && mask.rank < logits.rank) {
    checkBroadcast(where, "where", mask, examples);
    return broadcastTo(expandDims(mask, -1), [
      ...examples,
      sizeOf(axes.map((each) => logits.shape[each] as number)),
    ]);
  }
  checkBroadcast(where, "where", mask, logits.shape);
  return classesLast(broadcastTo(mask, logits.shape), axes);
}

registerFunction("softmaxCrossEntropyWithIntegerLabels", softmaxCrossEntropyWithIntegerLabels);
