/** @file How well scores separate two classes. */
import {
  abs,
  add,
  cast,
  cumsum,
  div,
  equal,
  greater,
  maximum,
  minimum,
  mul,
  reshape,
  sub,
  sum,
  type Tensor,
  where,
} from "@nnxjs/kernels/internal";
import { NnxError, registerModule, tidy } from "@nnxjs/nnx-core";
import { checkOptions, describe } from "@nnxjs/nnx-core/internal";
import { commit } from "../optimizer/commit.ts";
import { inScope } from "../optimizer/in-scope.ts";
import { countsAt } from "./class-counts.ts";
import { Metric, type MetricState } from "./metric.ts";
import { checkLogits, type LogitsUpdate } from "./predictions.ts";
import { added, cleared, type Rests, type Scalar, type Sum, sumOf, zeroState } from "./sums.ts";
import { maskOf, weighted } from "./weights.ts";

/** Options of {@link AUROC}. */
export interface AUROCOptions {
  /**
   * How many intervals the scores are sorted into. Two scores in one interval count as equal: the
   * result is off by half the share of pairs of both classes for which that is so, at most.
   * @defaultValue 4096
   */
  bins?: number;
}

/** Larger scores would be infinite in the sum below. */
const LARGEST = 1e38;

/**
 * The area under the ROC curve: the chance that an example with a label above 0 has a larger logit
 * than another one; ties count half. NaN until both kinds were seen, and after a NaN among the
 * logits. Any scores will do: the intervals are of equal width in `x / (1 + |x|)`, about 5e-4 for
 * probabilities. What is kept does not grow with the number of examples; for a list of scores `auroc`
 * of `@nnxjs/uncertainty` has no intervals.
 * @see `sklearn.metrics.roc_auc_score`; Hanley and McNeil 1982,
 * https://doi.org/10.1148/radiology.143.1.7063747
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const auroc = new nnx.metrics.AUROC();
 * auroc.update({ logits: tf.tensor1d([-2, 1, 0.5, 3]), labels: tf.tensor1d([0, 0, 1, 1], "int32") });
 * auroc.compute().arraySync(); // => 0.75
 * ```
 */
export class AUROC extends Metric<LogitsUpdate, Scalar> {
  readonly bins: number;
  /** Examples with labels above 0 in each interval, float32 `[bins]`. */
  readonly positive: MetricState<Tensor>;
  /** The other examples in each interval, float32 `[bins]`. */
  readonly negative: MetricState<Tensor>;
  /** What rounding took from the two. */
  readonly rest: Rests<"positive" | "negative">;

  /** @throws NnxError unless `bins` is an integer of 2 at least. */
  constructor(options: AUROCOptions = {}) {
    super();
    checkOptions<AUROCOptions>("AUROC", options, { bins: true });
    const { bins = 4096 } = options;
    if (!Number.isSafeInteger(bins) || bins < 2) {
      throw new NnxError(
        `AUROC: expected bins to be an integer above 1, got ${describe(bins)}. Leave it out for the default.`,
      );
    }
    this.bins = bins;
    this.positive = zeroState([bins]);
    this.negative = zeroState([bins]);
    this.rest = { positive: zeroState([bins]), negative: zeroState([bins]) };
  }

  /**
   * @param updates - One logit for each label.
   * @throws NnxError for labels that are not int32, logits of another shape, and a mask that does
   * not broadcast; nothing changes then.
   */
  update(updates: LogitsUpdate): void {
    const here = "AUROC.update";
    const checked = checkLogits(here, updates, "scores");
    if (!checked) return;
    const { logits, labels } = checked;
    const mask = maskOf(here, updates);
    inScope(() => {
      const isPositive = cast(greater(labels, 0), "float32");
      const both = mask && weighted(here, logits, mask);
      if (both && both.weights.size !== labels.size) {
        throw new NnxError(
          `${here}: expected a mask that broadcasts to the labels ${describe(labels)}, got ${describe(mask)}. It says of each label whether it counts.`,
        );
      }
      const places = binsOf(cast(logits, "float32"), this.bins);
      const count = (share: Tensor): Tensor =>
        countsAt(places, reshape(both ? mul(both.weights, share) : share, [-1]), this.bins);
      const [positive, negative] = this.sums;
      commit(
        [...added(here, positive, count(isPositive)), ...added(here, negative, count(sub(1, isPositive)))],
        [],
      );
    });
  }

  /** float32 `[]` */
  compute(): Scalar {
    return tidy(() => {
      const [positive, negative] = [this.positive, this.negative].map(({ value }) =>
        div(value, sumOf(value)),
      ) as [Tensor, Tensor];
      return sum(mul(positive, add(cumsum(negative, 0, true), mul(negative, 0.5)))) as Scalar;
    });
  }

  reset(): void {
    commit(this.sums.flatMap(cleared), []);
  }

  private get sums(): readonly [positive: Sum, negative: Sum] {
    return [
      { value: this.positive, rest: this.rest.positive },
      { value: this.negative, rest: this.rest.negative },
    ];
  }
}

/** The interval of each score, int32 `[n]`; −1 for NaN. */
function binsOf(scores: Tensor, bins: number): Tensor {
  const finite = minimum(maximum(reshape(scores, [-1]), -LARGEST), LARGEST);
  const squashed = div(finite, add(abs(finite), 1));
  const place = minimum(mul(add(squashed, 1), bins / 2), bins - 1);
  return cast(where(equal(place, place), place, -1), "int32");
}

registerModule("AUROC", AUROC);
