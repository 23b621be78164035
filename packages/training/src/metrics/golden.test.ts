/** @file Metrics give Flax's and scikit-learn's numbers, batch by batch, and leave no tensors behind. */
import { dispose } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { readGolden, relativeError } from "../../../../scripts/golden.ts";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { metrics } from "../index.ts";

/** Nested lists of numbers; what is not finite is `null` or text. */
type Values = number | boolean | string | null | readonly Values[];
interface Batch {
  readonly logits: Values;
  readonly labels: readonly number[];
  readonly mask: readonly boolean[];
  readonly values: readonly number[];
  readonly counts: readonly number[];
  readonly scores: readonly number[];
}
interface ByAverage {
  readonly macro: number;
  readonly macro_1: number;
  readonly macro_nan: number;
  readonly micro: number;
  readonly none: readonly number[];
  readonly none_nan: readonly (number | null)[];
  readonly binary: number;
}
interface Golden {
  readonly batches: readonly Batch[];
  readonly flax: Readonly<Record<string, readonly Values[]>>;
  readonly odd: {
    readonly logits: Values;
    readonly labels: readonly number[];
    readonly argmax: readonly number[];
    readonly top_2: readonly boolean[];
    readonly top_3: readonly boolean[];
    readonly values: readonly Values[];
    readonly computed: readonly Values[];
  };
  readonly sklearn: {
    readonly confusion: Values;
    readonly confusion_mask: Values;
    readonly precision: ByAverage;
    readonly recall: ByAverage;
    readonly f1: ByAverage;
    readonly f1_mask: ByAverage;
    readonly auroc: number;
    readonly auroc_mask: number;
    readonly auroc_logits: number;
  };
  readonly topK: Readonly<Record<string, readonly boolean[]>>;
}
const golden = readGolden<Golden>("metrics");
const CLASSES = 4;

const texts: Readonly<Record<string, number>> = { inf: Infinity, "-inf": -Infinity };
const flat = (values: Values): number[] =>
  Array.isArray(values)
    ? values.flatMap(flat)
    : [values === null ? Number.NaN : typeof values === "string" ? texts[values]! : Number(values)];

const int = (values: readonly number[]): tf.Tensor => tf.tensor1d([...values], "int32");
const float = (values: readonly number[]): tf.Tensor => tf.tensor1d([...values]);
const bool = (values: readonly boolean[]): tf.Tensor => tf.tensor1d([...values], "bool");
const logitsOf = (batch: { readonly logits: Values; readonly labels: readonly number[] }): tf.Tensor =>
  tf.tensor(flat(batch.logits), [batch.labels.length, CLASSES], "float32");

const numbersIn = (result: unknown): number[] =>
  result instanceof tf.Tensor
    ? [...result.dataSync()]
    : Object.values(result as object).flatMap((part) => numbersIn(part));

/** What a metric computes at first, after each batch, and after a reset, and that it holds no more. */
function expectRun<U extends object>(
  metric: metrics.Metric<U>,
  updatesOf: (batch: Batch) => U,
  wanted: readonly Values[],
  batches: readonly Batch[] = golden.batches,
): void {
  const compute = () => tf.tidy(() => numbersIn(metric.compute()));
  const { numTensors } = tf.memory();
  const found = [compute()];
  for (const batch of batches) {
    tf.tidy(() => metric.update(updatesOf(batch)));
    found.push(compute());
  }
  metric.reset();
  found.push(compute());
  expect(tf.memory().numTensors).toBe(numTensors);
  expect(found.length).toBe(wanted.length);
  found.forEach((values, i) => {
    expect(relativeError(values, flat(wanted[i]!)), `after ${i} batches: ${String(values)}`).toBeLessThan(
      1e-5,
    );
  });
  dispose(metric);
}

const filled = golden.batches.filter(({ values }) => values.length > 0);
const run = (name: string): readonly Values[] => golden.flax[name]!;

onEachBackend("metrics", () => {
  it("of Flax: Average of values, integers, booleans, numbers, and with a mask", () => {
    const argname = "counts";
    expectRun(new metrics.Average(), ({ values }) => ({ values: float(values) }), run("average"));
    expectRun(
      new metrics.Average({ argname }),
      ({ counts }) => ({ counts: int(counts) }),
      run("average_int"),
    );
    expectRun(new metrics.Average(), ({ mask }) => ({ values: bool(mask) }), run("average_bool"));
    expectRun(
      new metrics.Average(),
      ({ values, mask }) => ({ values: float(values), mask: bool(mask) }),
      run("average_mask"),
    );
    expectRun(new metrics.Average(), ({ values }) => ({ values: values.length }), run("average_number"));
  });

  it("of Flax: Welford of values and numbers", () => {
    expectRun(new metrics.Welford(), ({ values }) => ({ values: float(values) }), run("welford"), filled);
    expectRun(new metrics.Welford(), ({ values }) => ({ values: values.length }), run("welford_number"));
  });

  it("of Flax: Accuracy with ties, with a mask, with a threshold", () => {
    expectRun(
      new metrics.Accuracy(),
      (batch) => ({ logits: logitsOf(batch), labels: int(batch.labels) }),
      run("accuracy"),
    );
    expectRun(
      new metrics.Accuracy(),
      (batch) => ({ logits: logitsOf(batch), labels: int(batch.labels), mask: bool(batch.mask) }),
      run("accuracy_mask"),
    );
    expectRun(
      new metrics.Accuracy({ threshold: 0.1 }),
      ({ scores, labels }) => ({ logits: float(scores), labels: int(labels) }),
      run("accuracy_threshold"),
    );
  });

  it("of Flax: MultiMetric without masks, with one for all, and with one by name", () => {
    const make = () =>
      new metrics.MultiMetric({
        accuracy: new metrics.Accuracy(),
        loss: new metrics.Average({ argname: "loss" }),
      });
    const updates = (batch: Batch) => ({
      logits: logitsOf(batch),
      labels: int(batch.labels),
      loss: float(batch.values),
    });
    expectRun(make(), updates, run("multi"));
    expectRun(make(), (batch) => ({ ...updates(batch), mask: bool(batch.mask) }), run("multi_mask"));
    expectRun(
      make(),
      (batch) => ({ ...updates(batch), mask: { loss: bool(batch.mask) } }),
      run("multi_masks"),
    );
  });

  it("of Flax: NaN and infinities among values and logits", () => {
    const { odd } = golden;
    const all = new metrics.MultiMetric({ average: new metrics.Average(), welford: new metrics.Welford() });
    odd.values.forEach((values, i) => {
      tf.tidy(() => all.update({ values: tf.tensor1d(flat(values)) }));
      expect(numbersIn(all.compute()), `after ${i}`).toEqual(flat(odd.computed[i]!));
    });
    odd.labels.forEach((label, i) => {
      const one = { logits: tf.slice(logitsOf(odd), [i, 0], [1, CLASSES]), labels: int([label]) };
      const isRight = (metric: metrics.Accuracy | metrics.TopKAccuracy): boolean => {
        metric.update(one);
        return metric.compute().dataSync()[0] === 1;
      };
      expect(isRight(new metrics.Accuracy()), `row ${i}`).toBe(odd.argmax[i] === label);
      expect(isRight(new metrics.TopKAccuracy(1)), `row ${i}`).toBe(odd.argmax[i] === label);
      expect(isRight(new metrics.TopKAccuracy(2)), `row ${i}`).toBe(odd.top_2[i]);
      expect(isRight(new metrics.TopKAccuracy(3)), `row ${i}`).toBe(odd.top_3[i]);
    });
  });

  it.each(Object.entries(golden.topK))(
    "TopKAccuracy(%s) takes the labels that jax.lax.top_k has",
    (k, right) => {
      const metric = new metrics.TopKAccuracy(Number(k));
      for (const batch of golden.batches)
        tf.tidy(() => metric.update({ logits: logitsOf(batch), labels: int(batch.labels) }));
      const share = right.filter(Boolean).length / right.length;
      expect(metric.compute().dataSync()[0]).toBeCloseTo(share, 6);
    },
  );

  it("of scikit-learn: ConfusionMatrix", () => {
    const { confusion, confusion_mask } = golden.sklearn;
    for (const [wanted, masked] of [
      [confusion, false],
      [confusion_mask, true],
    ] as const) {
      const metric = new metrics.ConfusionMatrix(CLASSES);
      for (const batch of golden.batches) {
        const mask = masked ? bool(batch.mask) : undefined;
        tf.tidy(() => metric.update({ logits: logitsOf(batch), labels: int(batch.labels), mask }));
      }
      expect(metric.compute().shape).toEqual([CLASSES, CLASSES]);
      expect(numbersIn(metric.compute())).toEqual(flat(wanted));
    }
  });

  it.each([
    ["precision", metrics.Precision, false],
    ["recall", metrics.Recall, false],
    ["f1", metrics.F1, false],
    ["f1_mask", metrics.F1, true],
  ] as const)(
    "of scikit-learn: %s by class, as macro and micro average, and of two classes",
    (name, Type, masked) => {
      const wanted = golden.sklearn[name];
      // A class that nothing is of, and that nothing is taken for.
      const withRest = (batch: Batch) =>
        tf.pad(
          logitsOf(batch),
          [
            [0, 0],
            [0, 1],
          ],
          -100,
        );
      const computed = (metric: InstanceType<typeof Type>, isBinary = false) => {
        const { numTensors } = tf.memory();
        for (const batch of golden.batches) {
          tf.tidy(() => {
            const mask = masked ? bool(batch.mask) : undefined;
            const logits = isBinary ? float(batch.scores) : withRest(batch);
            metric.update({ logits, labels: int(batch.labels), mask });
          });
        }
        const result = tf.tidy(() => numbersIn(metric.compute()));
        expect(tf.memory().numTensors).toBe(numTensors);
        return result;
      };
      const n = CLASSES + 1;
      const near = (found: readonly number[], values: Values): void =>
        expect(relativeError(found, flat(values)), String(found)).toBeLessThan(1e-6);
      near(computed(new Type(n)), wanted.macro);
      near(computed(new Type(n, { zeroDivision: 1 })), wanted.macro_1);
      near(computed(new Type(n, { zeroDivision: Number.NaN })), wanted.macro_nan);
      near(computed(new Type(n, { average: "micro" })), wanted.micro);
      near(computed(new Type(n, { average: null })), wanted.none);
      near(computed(new Type(n, { average: null, zeroDivision: Number.NaN })), wanted.none_nan);
      near(computed(new Type(2, { threshold: 0.25 }), true), wanted.binary);
    },
  );

  it("of scikit-learn: AUROC, exact where scores are apart, and within its bound elsewhere", () => {
    const { auroc, auroc_mask, auroc_logits } = golden.sklearn;
    const computed = (name: "scores" | "values", masked: boolean, metric = new metrics.AUROC()): number => {
      for (const batch of golden.batches) {
        tf.tidy(() => {
          const labels = tf.sub(int(batch.labels), tf.scalar(1, "int32"));
          metric.update({ logits: float(batch[name]), labels, mask: masked ? bool(batch.mask) : undefined });
        });
      }
      return metric.compute().dataSync()[0]!;
    };
    expect(computed("scores", false)).toBeCloseTo(auroc, 6);
    expect(computed("scores", true)).toBeCloseTo(auroc_mask, 6);
    expect(computed("values", false, new metrics.AUROC({ bins: 2 ** 20 }))).toBeCloseTo(auroc_logits, 6);
    // Scores around 50 are close to each other for 4096 intervals.
    expect(Math.abs(computed("values", false) - auroc_logits)).toBeLessThan(0.1);
  });
});
