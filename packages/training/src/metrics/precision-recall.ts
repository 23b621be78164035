/** @file How many guesses of a class are right, and how many of its examples are found. */
import {
  add,
  cast,
  clone,
  div,
  equal,
  mean,
  mul,
  notEqual,
  reshape,
  slice,
  sum,
  type Tensor,
  where,
} from "@nnxjs/kernels/internal";
import { NnxError, registerModule, tidy } from "@nnxjs/nnx-core";
import { checkOptions, describe } from "@nnxjs/nnx-core/internal";
import { commit } from "../optimizer/commit.ts";
import { inScope } from "../optimizer/in-scope.ts";
import { checkClasses, countsAt, guessesOf } from "./class-counts.ts";
import { Metric, type MetricState } from "./metric.ts";
import type { LogitsUpdate } from "./predictions.ts";
import { added, cleared, type Rests, type Sum, zeroState } from "./sums.ts";

/** What becomes of the numbers of the classes. */
export type ClassAverage = "macro" | "micro" | "binary" | null;

/** Options of {@link Precision}, {@link Recall} and {@link F1}. */
export interface ClassMetricOptions {
  /**
   * `"macro"`: the mean over the classes. `"micro"`: all examples together. `"binary"`: that of
   * class 1 of two. `null`: one number for each class.
   * @defaultValue "macro"; "binary" with a threshold
   */
  average?: ClassAverage;
  /** For two classes: a logit of at least this is a guess of class 1. */
  threshold?: number;
  /**
   * 0, 1 or NaN: the number of a class for which there is nothing to divide by. NaN leaves it out of
   * the mean.
   * @defaultValue 0
   */
  zeroDivision?: number;
}

const NAMES = { average: true, threshold: true, zeroDivision: true } as const;
const AVERAGES: readonly unknown[] = ["macro", "micro", "binary", null];
const COUNTS = ["truePositives", "guessed", "actual"] as const;
type CountName = (typeof COUNTS)[number];
type Counts = Readonly<Record<CountName, Tensor>>;

/** A ratio of counts of each class. */
abstract class ClassMetric extends Metric<LogitsUpdate, Tensor> {
  /** The name in errors: minifiers rename classes. */
  static readonly typeName: string;
  readonly numClasses: number;
  readonly average: ClassAverage;
  readonly threshold: number | null;
  readonly zeroDivision: number;
  /** Right guesses of each class, float32 `[numClasses]`. */
  readonly truePositives: MetricState<Tensor>;
  /** Guesses of each class, float32 `[numClasses]`. */
  readonly guessed: MetricState<Tensor>;
  /** Examples of each class, float32 `[numClasses]`. */
  readonly actual: MetricState<Tensor>;
  /** What rounding took from them. */
  readonly rest: Rests<CountName>;

  constructor(numClasses: number, options: ClassMetricOptions) {
    super();
    const name = new.target.typeName;
    checkOptions<ClassMetricOptions>(name, options, NAMES);
    const { threshold, zeroDivision = 0 } = options;
    const { average = threshold === undefined ? "macro" : "binary" } = options;
    checkClasses(name, numClasses, threshold);
    if (!AVERAGES.includes(average)) {
      throw new NnxError(
        `${name}: expected average to be "macro", "micro", "binary" or null, got ${describe(average)}.`,
      );
    }
    if (average === "binary" && numClasses !== 2) {
      throw new NnxError(
        `${name}: expected 2 classes for the average "binary", got ${numClasses}. Take "macro".`,
      );
    }
    if (![0, 1, Number.NaN].includes(zeroDivision)) {
      throw new NnxError(
        `${name}: expected zeroDivision to be 0, 1 or NaN, got ${describe(zeroDivision)}. It is what a class that never occurs counts as.`,
      );
    }
    this.numClasses = numClasses;
    this.average = average;
    this.threshold = threshold ?? null;
    this.zeroDivision = zeroDivision;
    const zero = (): MetricState<Tensor> => zeroState([numClasses]);
    this.truePositives = zero();
    this.guessed = zero();
    this.actual = zero();
    this.rest = { truePositives: zero(), guessed: zero(), actual: zero() };
  }

  /**
   * @throws NnxError for labels that are not int32, logits of another shape, and a mask that does
   * not broadcast; nothing changes then.
   */
  update(updates: LogitsUpdate): void {
    const here = `${(this.constructor as typeof ClassMetric).typeName}.update`;
    const { numClasses, threshold } = this;
    inScope(() => {
      const all = guessesOf(here, updates, numClasses, threshold);
      if (!all) return;
      const { guesses, labels, weights } = all;
      const right = where(equal(guesses, labels), weights, 0);
      const counts: Counts = {
        truePositives: countsAt(guesses, right, numClasses),
        guessed: countsAt(guesses, weights, numClasses),
        actual: countsAt(labels, weights, numClasses),
      };
      commit(
        COUNTS.flatMap((name) => added(here, this.sumOf(name), counts[name])),
        [],
      );
    });
  }

  /** float32 `[]`, or `[numClasses]` without an average. */
  compute(): Tensor {
    const { average, zeroDivision } = this;
    return tidy(() => {
      const [above, below] = this.ratio(this.counts());
      const each = where(equal(below, 0), zeroDivision, div(above, below));
      if (average === "macro") {
        if (!Number.isNaN(zeroDivision)) return mean(each);
        const isThere = notEqual(below, 0);
        return div(sum(where(isThere, each, 0)), sum(cast(isThere, "float32")));
      }
      if (average === "binary") return reshape(slice(each, 1, 1), []);
      return average === "micro" ? reshape(each, []) : each;
    });
  }

  reset(): void {
    commit(
      COUNTS.flatMap((name) => cleared(this.sumOf(name))),
      [],
    );
  }

  /** What is divided by what, class by class. */
  protected abstract ratio(counts: Counts): readonly [above: Tensor, below: Tensor];

  /** The counts of the classes, or of all together for "micro". */
  private counts(): Counts {
    const take = (name: CountName): Tensor => {
      const { value } = this[name];
      return this.average === "micro" ? sum(value, 0, true) : clone(value);
    };
    return { truePositives: take("truePositives"), guessed: take("guessed"), actual: take("actual") };
  }

  private sumOf(name: CountName): Sum {
    return { value: this[name], rest: this.rest[name] };
  }
}

/**
 * The share of right ones among the guesses of a class.
 * @see `sklearn.metrics.precision_score`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const precision = new nnx.metrics.Precision(3, { average: null });
 * const logits = tf.tensor2d([[9, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9]]);
 * precision.update({ logits, labels: tf.tensor1d([0, 1, 1, 2], "int32") });
 * precision.compute().arraySync(); // => [0.5, 1, 1]
 * ```
 */
export class Precision extends ClassMetric {
  static override readonly typeName: string = "Precision";

  /** @throws NnxError for what is no number of classes, and options that do not fit it. */
  constructor(numClasses: number, options: ClassMetricOptions = {}) {
    super(numClasses, options);
  }

  protected ratio({ truePositives, guessed }: Counts): readonly [Tensor, Tensor] {
    return [truePositives, guessed];
  }
}

/**
 * The share of the examples of a class that are found.
 * @see `sklearn.metrics.recall_score`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const recall = new nnx.metrics.Recall(2, { threshold: 0.5 });
 * recall.update({ logits: tf.tensor1d([0.9, 0.2, 0.7]), labels: tf.tensor1d([1, 1, 0], "int32") });
 * recall.compute().arraySync(); // => 0.5
 * ```
 */
export class Recall extends ClassMetric {
  static override readonly typeName: string = "Recall";

  /** @throws NnxError for what is no number of classes, and options that do not fit it. */
  constructor(numClasses: number, options: ClassMetricOptions = {}) {
    super(numClasses, options);
  }

  protected ratio({ truePositives, actual }: Counts): readonly [Tensor, Tensor] {
    return [truePositives, actual];
  }
}

/**
 * The harmonic mean of precision and recall.
 * @see `sklearn.metrics.f1_score`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const f1 = new nnx.metrics.F1(2, { average: "micro" });
 * const logits = tf.tensor2d([[2, 1], [0, 3], [5, 4], [1, 0]]);
 * f1.update({ logits, labels: tf.tensor1d([0, 1, 1, 0], "int32") });
 * f1.compute().arraySync(); // => 0.75
 * ```
 */
export class F1 extends ClassMetric {
  static override readonly typeName: string = "F1";

  /** @throws NnxError for what is no number of classes, and options that do not fit it. */
  constructor(numClasses: number, options: ClassMetricOptions = {}) {
    super(numClasses, options);
  }

  protected ratio({ truePositives, guessed, actual }: Counts): readonly [Tensor, Tensor] {
    return [mul(truePositives, 2), add(guessed, actual)];
  }
}

registerModule("Precision", Precision);
registerModule("Recall", Recall);
registerModule("F1", F1);
