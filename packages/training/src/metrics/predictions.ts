/** @file What logits say, and the labels that they are compared with. */
import {
  cast,
  equal,
  greater,
  greaterEqual,
  less,
  logicalAnd,
  max,
  min,
  newTensor,
  notEqual,
  reshape,
  sum,
  type Tensor,
  where,
} from "@nnxjs/kernels/internal";
import { NnxError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { type Mask, tensorArgument } from "./weights.ts";

/** What metrics of classifiers are updated with. */
export interface LogitsUpdate {
  /**
   * Scores of the classes, `[...labels.shape, classes]`; with a `threshold` one score each, in the
   * shape of the labels.
   */
  readonly logits: Tensor;
  /** The right classes, int32. With a `threshold` those above 0 are positive. */
  readonly labels: Tensor;
  /** Broadcasts against the labels: 0 or `false` leaves one out, other numbers weigh it. */
  readonly mask?: Mask;
}

/** Logits and labels that fit each other; there is one label at least. */
export interface Checked {
  readonly logits: Tensor;
  readonly labels: Tensor;
}

/** @throws NnxError for a threshold that is no number. */
export function checkThreshold(here: string, threshold: unknown): asserts threshold is number | undefined {
  if (threshold === undefined || (typeof threshold === "number" && !Number.isNaN(threshold))) return;
  throw new NnxError(
    `${here}: expected threshold to be a number, got ${describe(threshold)}. Leave it out for more than two classes.`,
  );
}

/** Whether a metric takes a logit for each class, or one for each example. */
export type LogitsKind = "classes" | "threshold" | "scores";

const advice: Readonly<Record<LogitsKind, string>> = {
  classes:
    "Set a threshold, where there is one, for one logit each. Labels have no axis of classes: " +
    "tf.squeeze(labels, [-1]) takes one of length 1 away, tf.argMax(labels, -1) makes labels of one-hot rows.",
  threshold: "Leave the threshold out for logits of several classes.",
  scores: "Pass one score for each example.",
};

/**
 * Logits and labels by name; nothing for a batch without examples, which changes no metric.
 * @throws NnxError for labels that are not int32, and logits of another shape.
 */
export function checkLogits(here: string, updates: LogitsUpdate, kind: LogitsKind): Checked | undefined {
  const logits = tensorArgument(here, updates, "logits");
  const labels = tensorArgument(here, updates, "labels");
  if (labels.dtype !== "int32") {
    throw new NnxError(
      `${here}: expected int32 labels, got ${describe(labels)}. Cast them: tf.cast(labels, "int32").`,
    );
  }
  const isByClass = kind === "classes";
  const axes = isByClass ? logits.shape.slice(0, -1) : logits.shape;
  if (logits.rank === labels.rank + (isByClass ? 1 : 0) && axes.join() === labels.shape.join())
    return labels.size === 0 ? undefined : { logits, labels };
  const shape = [...labels.shape, ...(isByClass ? ["classes"] : [])].join(",");
  throw new NnxError(
    `${here}: expected logits of shape [${shape}] for ${describe(labels)} of labels, got ${describe(logits)}. ${advice[kind]}`,
  );
}

/** `0 … n - 1`, float32. */
const upTo = (n: number): Tensor =>
  newTensor("float32", [n], (values) => {
    for (let i = 0; i < n; i++) values[i] = i;
  });

const isNaNAt = (x: Tensor): Tensor => notEqual(x, x);

/**
 * The class of the largest logit, the first of equal ones; NaN is larger than everything.
 * @returns float32 without the last axis.
 * @see `jax.numpy.argmax`
 */
export function largestClass(here: string, logits: Tensor): Tensor {
  const classes = logits.shape.at(-1) as number;
  if (classes === 0) {
    throw new NnxError(
      `${here}: expected logits of one class at least, got ${describe(logits)}. The last axis holds the classes.`,
    );
  }
  const numbers = cast(logits, "float32");
  const ids = upTo(classes);
  const largest = where(equal(numbers, max(numbers, -1, true)), ids, classes);
  return min(where(isNaNAt(numbers), ids, largest), -1);
}

/**
 * How many classes come before the label's when the logits are sorted from the largest down, equal
 * ones by class and NaN first; as many as there are classes for a label that is none.
 * @returns float32 in the shape of the labels.
 * @see `jax.lax.top_k`
 */
export function labelRank({ logits, labels }: Checked): Tensor {
  const classes = logits.shape.at(-1) as number;
  const numbers = cast(logits, "float32");
  const label = reshape(labels, [...labels.shape, 1]);
  const ids = upTo(classes);
  const isLabel = equal(ids, label);
  // NaN times 0 is NaN, so that products with one-hot rows would not do.
  const own = sum(where(isLabel, numbers, 0), -1, true);
  const isEarlier = cast(less(ids, label), "float32");
  const amongNaN = where(isNaNAt(own), isEarlier, 1);
  const amongEqual = where(equal(numbers, own), isEarlier, where(isNaNAt(numbers), amongNaN, 0));
  const before = sum(where(greater(numbers, own), 1, amongEqual), -1);
  const isClass = logicalAnd(greaterEqual(labels, 0), less(labels, classes));
  return where(isClass, before, classes);
}
