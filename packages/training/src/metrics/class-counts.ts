/** @file Counts by class: guesses, labels, and both together. */
import {
  add,
  cast,
  equal,
  greater,
  greaterEqual,
  less,
  logicalAnd,
  mul,
  ones,
  reshape,
  scalar,
  scatterND,
  type Tensor,
  where,
} from "@nnxjs/kernels/internal";
import { NnxError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { checkLogits, checkThreshold, largestClass, type LogitsUpdate } from "./predictions.ts";
import { maskOf, weighted } from "./weights.ts";

/**
 * @throws NnxError unless the number of classes is a positive integer, and 2 with a threshold.
 */
export function checkClasses(here: string, numClasses: unknown, threshold: unknown): void {
  checkThreshold(here, threshold);
  if (!Number.isSafeInteger(numClasses) || (numClasses as number) < 1) {
    throw new NnxError(
      `${here}: expected the number of classes, got ${describe(numClasses)}. Pass it first.`,
    );
  }
  if (threshold === undefined || numClasses === 2) return;
  throw new NnxError(
    `${here}: expected 2 classes with a threshold, got ${describe(numClasses)}. Leave one out.`,
  );
}

/** Guesses, labels and weights of a batch, int32 and float32, one after another. */
export interface Guesses {
  readonly guesses: Tensor;
  readonly labels: Tensor;
  readonly weights: Tensor;
}

/** What the logits guess; nothing for a batch without examples. Call it in a scope. */
export function guessesOf(
  here: string,
  updates: LogitsUpdate,
  numClasses: number,
  threshold: number | null,
): Guesses | undefined {
  const checked = checkLogits(here, updates, threshold === null ? "classes" : "threshold");
  if (!checked) return undefined;
  const { logits, labels } = checked;
  if (threshold === null && logits.shape.at(-1) !== numClasses) {
    throw new NnxError(
      `${here}: expected logits of ${numClasses} classes, got ${describe(logits)}. The metric was made for so many.`,
    );
  }
  const mask = maskOf(here, updates);
  const weights = mask ? weighted(here, labels, mask).weights : ones([...labels.shape]);
  if (weights.size !== labels.size) {
    throw new NnxError(
      `${here}: expected a mask that broadcasts to the labels ${describe(labels)}, got ${describe(mask)}. It says of each label whether it counts.`,
    );
  }
  const guesses = threshold === null ? largestClass(here, logits) : greaterEqual(logits, threshold);
  return {
    guesses: reshape(cast(guesses, "int32"), [-1]),
    labels: reshape(threshold === null ? labels : cast(greater(labels, 0), "int32"), [-1]),
    weights: reshape(weights, [-1]),
  };
}

/**
 * The sum of the weights at each id. An id outside makes the first sum NaN, since asking for it
 * would read values back; one with weight 0 is left out.
 * @param ids - int32 `[n]`
 * @param weights - float32 `[n]`
 * @returns float32 `[size]`
 */
export function countsAt(ids: Tensor, weights: Tensor, size: number): Tensor {
  const isInside = logicalAnd(greaterEqual(ids, 0), less(ids, size));
  const counted = where(isInside, weights, where(equal(weights, 0), 0, Number.NaN));
  const places = mul(ids, cast(isInside, "int32"));
  return scatterND(reshape(cast(places, "int32"), [-1, 1]), counted, [size]);
}

/** What {@link countsAt} gives for pairs, `[labels, guesses]` in a row. */
export const pairCounts = ({ guesses, labels, weights }: Guesses, numClasses: number): Tensor =>
  countsAt(add(mul(labels, scalar(numClasses, "int32")), guesses), weights, numClasses * numClasses);
