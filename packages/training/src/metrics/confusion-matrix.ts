/** @file Which classes are taken for which. */
import { clone, reshape, type Tensor } from "@nnxjs/kernels/internal";
import { registerModule } from "@nnxjs/nnx-core";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import type { TensorOfAxes } from "@nnxjs/rnglib/internal";
import { commit } from "../optimizer/commit.ts";
import { inScope } from "../optimizer/in-scope.ts";
import { checkClasses, guessesOf, pairCounts } from "./class-counts.ts";
import { Metric, type MetricState } from "./metric.ts";
import type { LogitsUpdate } from "./predictions.ts";
import { added, cleared, type Rests, type Sum, zeroState } from "./sums.ts";

type Matrix = TensorOfAxes<readonly [number, number]>;

/** Options of {@link ConfusionMatrix}. */
export interface ConfusionMatrixOptions {
  /** For two classes: a logit of at least this is a guess of class 1. */
  threshold?: number;
}

/**
 * How often each class was taken for each: rows are the right classes, columns the guesses.
 * A label that is no class makes the first number NaN: leave padding out with a mask.
 * @see `sklearn.metrics.confusion_matrix`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const confusion = new nnx.metrics.ConfusionMatrix(2);
 * const logits = tf.tensor2d([[2, 1], [0, 3], [5, 4]]);
 * confusion.update({ logits, labels: tf.tensor1d([0, 1, 1], "int32") });
 * confusion.compute().arraySync(); // => [[1, 0], [1, 1]]
 * ```
 */
export class ConfusionMatrix extends Metric<LogitsUpdate, Matrix> {
  readonly numClasses: number;
  readonly threshold: number | null;
  /** float32 `[numClasses, numClasses]` */
  readonly matrix: MetricState<Tensor>;
  /** What rounding took from it. */
  readonly rest: Rests<"matrix">;

  /** @throws NnxError for what is no number of classes, or more than 2 with a threshold. */
  constructor(numClasses: number, options: ConfusionMatrixOptions = {}) {
    super();
    checkOptions<ConfusionMatrixOptions>("ConfusionMatrix", options, { threshold: true });
    const { threshold } = options;
    checkClasses("ConfusionMatrix", numClasses, threshold);
    this.numClasses = numClasses;
    this.threshold = threshold ?? null;
    this.matrix = zeroState([numClasses, numClasses]);
    this.rest = { matrix: zeroState([numClasses, numClasses]) };
  }

  /**
   * @throws NnxError for labels that are not int32, logits of another shape, and a mask that does
   * not broadcast; nothing changes then.
   */
  update(updates: LogitsUpdate): void {
    const here = "ConfusionMatrix.update";
    const { numClasses, threshold } = this;
    inScope(() => {
      const guesses = guessesOf(here, updates, numClasses, threshold);
      if (!guesses) return;
      const counts = pairCounts(guesses, numClasses);
      commit(added(here, this.sum, reshape(counts, [numClasses, numClasses])), []);
    });
  }

  /** float32 `[numClasses, numClasses]` */
  compute(): Matrix {
    return clone(this.matrix.value) as Matrix;
  }

  reset(): void {
    commit(cleared(this.sum), []);
  }

  private get sum(): Sum {
    return { value: this.matrix, rest: this.rest.matrix };
  }
}

registerModule("ConfusionMatrix", ConfusionMatrix);
