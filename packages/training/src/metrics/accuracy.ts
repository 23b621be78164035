/** @file The share of right guesses. */
import { equal, greater, greaterEqual, less, type Tensor } from "@nnxjs/kernels/internal";
import { NnxError, registerModule } from "@nnxjs/nnx-core";
import { checkOptions, describe } from "@nnxjs/nnx-core/internal";
import { inScope } from "../optimizer/in-scope.ts";
import { Average } from "./average.ts";
import {
  type Checked,
  checkLogits,
  checkThreshold,
  labelRank,
  largestClass,
  type LogitsUpdate,
} from "./predictions.ts";
import { maskOf } from "./weights.ts";

/** Options of {@link Accuracy}. */
export interface AccuracyOptions {
  /**
   * For two classes: a logit of at least this is a positive guess. Without it the guess is the class
   * of the largest logit.
   */
  threshold?: number;
}

/**
 * The share of right guesses since the last reset, float32; NaN before the first. A label that is no
 * class is a wrong guess: leave padding out with a mask.
 * @see Flax `nnx.metrics.Accuracy`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const accuracy = new nnx.metrics.Accuracy();
 * const logits = tf.tensor2d([[2, 1], [0, 3], [5, 4], [1, 0]]);
 * accuracy.update({ logits, labels: tf.tensor1d([0, 1, 1, 0], "int32") });
 * accuracy.compute().arraySync(); // => 0.75
 * ```
 */
export class Accuracy extends Average<never> {
  readonly threshold: number | null;

  /** @throws NnxError for a threshold that is no number. */
  constructor(options: AccuracyOptions = {}) {
    super();
    checkOptions<AccuracyOptions>("Accuracy", options, { threshold: true });
    const { threshold } = options;
    checkThreshold("Accuracy", threshold);
    this.threshold = threshold ?? null;
  }

  /**
   * @throws NnxError for labels that are not int32, logits of another shape or of one class, and a
   * mask that does not broadcast; nothing changes then.
   */
  override update(updates: LogitsUpdate): void {
    const here = "Accuracy.update";
    const { threshold } = this;
    const checked = checkLogits(here, updates, threshold === null ? "classes" : "threshold");
    if (checked && threshold === null && checked.logits.shape.at(-1) === 1) {
      throw new NnxError(
        `${here}: expected a logit for each of several classes, got ${describe(checked.logits)}, whose largest is always the ` +
          "first. For one logit each, make it new Accuracy({ threshold: 0 }), and drop the last axis: tf.squeeze(logits, [-1]).",
      );
    }
    const isRight = ({ logits, labels }: Checked): Tensor =>
      threshold === null
        ? equal(largestClass(here, logits), labels)
        : equal(greaterEqual(logits, threshold), greater(labels, 0));
    if (checked) inScope(() => this.take(here, isRight(checked), maskOf(here, updates)));
  }
}

/**
 * The share of labels among the `k` largest logits since the last reset, float32; NaN before the
 * first. Of equal logits the first come first, as in `jax.lax.top_k`.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const accuracy = new nnx.metrics.TopKAccuracy(2);
 * const logits = tf.tensor2d([[3, 2, 1], [1, 2, 3]]);
 * accuracy.update({ logits, labels: tf.tensor1d([1, 0], "int32") });
 * accuracy.compute().arraySync(); // => 0.5
 * ```
 */
export class TopKAccuracy extends Average<never> {
  readonly k: number;

  /** @throws NnxError unless `k` is a positive integer. */
  constructor(k: number) {
    super();
    if (!Number.isSafeInteger(k) || k < 1) {
      throw new NnxError(
        `TopKAccuracy: expected k to be a positive integer, got ${describe(k)}. It is how many guesses count.`,
      );
    }
    this.k = k;
  }

  /**
   * @throws NnxError for labels that are not int32, logits of another shape or of fewer than `k`
   * classes, and a mask that does not broadcast; nothing changes then.
   */
  override update(updates: LogitsUpdate): void {
    const here = "TopKAccuracy.update";
    const checked = checkLogits(here, updates, "classes");
    if (!checked) return;
    if ((checked.logits.shape.at(-1) as number) < this.k) {
      throw new NnxError(
        `${here}: expected logits of at least ${this.k} classes, got ${describe(checked.logits)}. Take a smaller k.`,
      );
    }
    inScope(() => this.take(here, less(labelRank(checked), this.k), maskOf(here, updates)));
  }
}

registerModule("Accuracy", Accuracy);
registerModule("TopKAccuracy", TopKAccuracy);
