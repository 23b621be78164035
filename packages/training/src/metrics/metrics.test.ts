/** @file What metrics promise besides their numbers: State, errors, long runs, memory. */
import {
  clone,
  dispose,
  equalGraphDefs,
  flattenState,
  graphDefFromJson,
  graphDefToJson,
  merge,
  Param,
  split,
  state,
  update,
} from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it, vi } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { Metric, metrics, MultiMetric } from "../index.ts";
import { addInPairs, sumOf } from "./sums.ts";

const {
  Accuracy,
  AUROC,
  Average,
  ConfusionMatrix,
  F1,
  MetricState,
  Precision,
  Recall,
  TopKAccuracy,
  Welford,
} = metrics;
const numberIn = (x: tf.Tensor): number => x.dataSync()[0]!;
const int = (values: number[]): tf.Tensor => tf.tensor1d(values, "int32");

/** One of each, with what updates it. */
const logits = (): tf.Tensor =>
  tf.tensor2d([
    [3, 1],
    [1, 2],
    [0, 5],
  ]);
const ofClasses = () => ({ logits: logits(), labels: int([0, 0, 1]) });
const ofScores = () => ({ logits: tf.tensor1d([0.1, 0.9, 0.4]), labels: int([0, 1, 1]) });
const all: readonly (readonly [string, () => Metric<never>, () => object])[] = [
  ["Average", () => new Average(), () => ({ values: tf.tensor1d([1, 2]) })],
  ["Welford", () => new Welford(), () => ({ values: tf.tensor1d([1, 2]) })],
  ["Accuracy", () => new Accuracy(), ofClasses],
  ["Accuracy with a threshold", () => new Accuracy({ threshold: 0.5 }), ofScores],
  ["TopKAccuracy", () => new TopKAccuracy(2), ofClasses],
  ["ConfusionMatrix", () => new ConfusionMatrix(2), ofClasses],
  ["Precision", () => new Precision(2), ofClasses],
  ["Recall", () => new Recall(2, { average: null }), ofClasses],
  ["F1", () => new F1(2, { threshold: 0.5 }), ofScores],
  ["AUROC", () => new AUROC({ bins: 8 }), ofScores],
  [
    "MultiMetric",
    () => new MultiMetric({ z: new Average({ argname: "loss" }), accuracy: new Accuracy() }),
    () => ({ ...ofClasses(), loss: 2 }),
  ],
];
const numbersIn = (result: unknown): number[] =>
  result instanceof tf.Tensor ? [...result.dataSync()] : Object.values(result as object).flatMap(numbersIn);
const numbersOf = (metric: Metric): number[] => tf.tidy(() => numbersIn(metric.compute()));

onEachBackend("every metric", () => {
  it.each(all)(
    "%s splits, merges, clones, goes through JSON and takes a State back",
    (_name, make, updates) => {
      const metric = make();
      tf.tidy(() => metric.update(updates() as never));
      const [graphdef, seen, rest] = metric.split(MetricState, true);
      expect(flattenState(rest)).toEqual([]);
      expect(flattenState(seen).length).toBeGreaterThan(0);
      const expected = numbersOf(metric);
      const again = merge(graphdef, seen);
      const copy = clone(metric);
      const parsed = merge(
        graphDefFromJson(JSON.parse(JSON.stringify(graphDefToJson(graphdef)))),
        seen,
      ) as Metric;
      for (const each of [again, copy, parsed]) expect(numbersOf(each)).toEqual(expected);
      // They go on by themselves.
      tf.tidy(() => copy.update(updates() as never));
      expect(numbersOf(metric)).toEqual(expected);
      metric.reset();
      const fresh = make();
      expect(numbersOf(metric)).toEqual(numbersOf(fresh));
      const [definition] = split(fresh);
      expect(equalGraphDefs(definition, graphdef)).toBe(true);
      update(metric, seen);
      expect(numbersOf(metric)).toEqual(expected);
      dispose([metric, again, copy, parsed, fresh, seen]);
    },
  );

  it.each(all)(
    "%s leaves nothing behind, in a scope or out of one, and reads nothing back",
    (_n, make, updates) => {
      const before = tf.memory().numTensors;
      const metric = make();
      const given = updates();
      const { numTensors } = tf.memory();
      const reads = (["dataSync", "data", "arraySync"] as const).map((name) =>
        vi.spyOn(tf.Tensor.prototype, name),
      );
      for (let i = 0; i < 5; i++) {
        metric.update(given as never);
        tf.tidy(() => metric.update(given as never));
        metric.reset();
        dispose(metric.compute() as object);
      }
      for (const spy of reads) {
        expect(spy).not.toHaveBeenCalled();
        spy.mockRestore();
      }
      expect(tf.memory().numTensors).toBe(numTensors);
      dispose([metric, ...Object.values(given).filter((value) => value instanceof tf.Tensor)]);
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  it("sums 1e6 numbers, and more values than float32 counts", () => {
    expect(numberIn(sumOf(tf.fill([1_000_000], 0.1)))).toBeCloseTo(100_000, 1);
    const metric = new Average();
    metric.total.value = tf.scalar(2 ** 24);
    metric.count.value = tf.scalar(2 ** 24, "int32");
    for (let i = 0; i < 6; i++) metric.update({ values: 1 });
    const sums = [metric.total, metric.count].map(({ value }) => numberIn(value));
    expect(sums).toEqual([2 ** 24 + 6, 2 ** 24 + 6]);
    metric.count.value = tf.scalar(2 ** 40);
    metric.update({ values: tf.ones([3]) });
    expect([numberIn(metric.count.value), numberIn(metric.rest.count.value)]).toEqual([2 ** 40, 3]);
  });

  it("adds by ops as by its loop", () => {
    const [high, low, x] = [
      tf.tensor1d([2 ** 24, 1e5, 0, Infinity, 1]),
      tf.tensor1d([1, -0.003, 0, 0, 0]),
      tf.tensor1d([1, 0.1, -0.5, 1, Number.NaN]),
    ];
    const [nextHigh, nextLow] = addInPairs(high, low, x).map((part) => [...part.dataSync()]);
    expect(nextHigh).toEqual([2 ** 24 + 2, Math.fround(100000.097), -0.5, Infinity, Number.NaN]);
    expect(nextLow![0]).toBe(0);
    expect(nextHigh![1]! + nextLow![1]!).toBeCloseTo(1e5 + 0.097, 8);
    expect(nextLow!.slice(2)).toEqual([0, 0, 0]);
  });
});

it("Average goes on adding small numbers to a sum that is large: float32 alone is off by 1.6 % here", () => {
  const metric = new Average();
  metric.total.value = tf.scalar(1e5);
  metric.count.value = tf.scalar(1e6);
  for (let i = 0; i < 3_000; i++) metric.update({ values: 0.1 });
  const sum = numberIn(metric.total.value) + numberIn(metric.rest.total.value);
  expect(sum).toBeCloseTo(1e5 + 3_000 * Math.fround(0.1), 6);
});

it("masks weigh: rows spread over columns, fractions count as such, and Welford takes them", () => {
  const average = new Average();
  const values = tf.tensor2d([
    [1, 3],
    [5, 7],
    [9, 100],
  ]);
  average.update({ values, mask: tf.tensor2d([[1], [1], [0]]) });
  expect(numberIn(average.compute())).toBe(4);
  average.reset();
  average.update({ values: tf.tensor1d([1, 5]), mask: tf.tensor1d([0.75, 0.25]) });
  expect(numberIn(average.compute())).toBe(2);
  // A mean of a batch with the batch's mask counts as often as there are examples.
  average.update({ values: tf.scalar(4), mask: tf.tensor1d([1, 1, 1, 0]) });
  expect(numberIn(average.compute())).toBe(3.5);
  const welford = new Welford();
  welford.update({ values: tf.tensor1d([1, 99, 3]), mask: tf.tensor1d([1, 0, 1], "bool") });
  welford.update({ values: tf.tensor1d([4, 5]), mask: tf.zeros([2]) });
  welford.update({ values: tf.zeros([0]) });
  welford.update({ values: 5 });
  expect(numbersOf(welford)[0]).toBeCloseTo(3, 6);
  expect(numbersOf(welford)[2]).toBeCloseTo(Math.sqrt(8 / 3), 6);
});

it("labels may have several axes, one class is enough, and a mask of null is none", () => {
  const rows = [
    [3, 1, 2],
    [1, 2, 3],
    [0, 5, 1],
    [2, 1, 0],
  ];
  const labels = [0, 1, 1, 2];
  const flat = { logits: tf.tensor2d(rows), labels: int(labels), mask: null };
  const square = { logits: tf.tensor(rows.flat(), [2, 2, 3]), labels: tf.tensor2d(labels, [2, 2], "int32") };
  for (const make of [
    () => new Accuracy(),
    () => new TopKAccuracy(2),
    () => new ConfusionMatrix(3),
    () => new F1(3, { average: null }),
  ]) {
    const [one, other] = [make(), make()];
    one.update(flat);
    other.update(square);
    expect(numbersOf(other)).toEqual(numbersOf(one));
    one.update({ logits: tf.zeros([0, 3]), labels: int([]) });
    expect(numbersOf(one)).toEqual(numbersOf(other));
  }
  const accuracy = new Accuracy();
  accuracy.update(square);
  expect(numbersOf(accuracy)).toEqual([0.5]);
  const single = new ConfusionMatrix(1);
  single.update({ logits: tf.ones([2, 1]), labels: int([0, 0]) });
  expect(numbersOf(single)).toEqual([2]);
  const coarse = new AUROC({ bins: 2 });
  coarse.update(ofScores());
  expect(numbersOf(coarse)).toEqual([0.5]);
  const micro = new Precision(3, { average: "micro" });
  micro.update(flat);
  expect([micro.compute().shape, numbersOf(micro)]).toEqual([[], [0.5]]);
  const multi = new MultiMetric({ loss: new Average() });
  multi.update({ values: 3, mask: null });
  expect(numbersOf(multi)).toEqual([3]);
});

it("labels that are no class make class counts NaN unless they are masked", () => {
  const confusion = new ConfusionMatrix(2);
  const updates = { logits: logits(), labels: int([0, -1, 7]) };
  confusion.update({ ...updates, mask: tf.tensor1d([1, 0, 0]) });
  expect(numbersOf(confusion)).toEqual([1, 0, 0, 0]);
  confusion.update(updates);
  expect(numbersOf(confusion)).toEqual([Number.NaN, 0, 0, 0]);
  const recall = new Recall(2);
  recall.update(updates);
  expect(numbersOf(recall)).toEqual([Number.NaN]);
  const auroc = new AUROC();
  expect(numbersOf(auroc)).toEqual([Number.NaN]);
  auroc.update({ logits: tf.tensor1d([1, Number.NaN]), labels: int([0, 1]) });
  expect(numbersOf(auroc)).toEqual([Number.NaN]);
  auroc.reset();
  auroc.update({ logits: tf.tensor1d([-Infinity, Infinity]), labels: int([0, 1]) });
  expect(numbersOf(auroc)).toEqual([1]);
});

const float = (...values: number[]): tf.Tensor => tf.tensor1d(values);
it.each<[string, Metric<never>, unknown, string]>([
  [
    "no values",
    new Average(),
    { vlaues: 1 },
    "Average.update: expected an object with values, got an object with keys {vlaues}. Pass vlaues by the name values.",
  ],
  ["nothing", new Average(), undefined, "expected an object with values, got undefined. Pass it by name"],
  ["text", new Average(), { values: "1" }, 'Average.update: expected values to be a tensor, got "1".'],
  [
    "a tensor of text",
    new Average(),
    { values: tf.tensor(["a"]) },
    "expected values of numbers or booleans, got a string[1]",
  ],
  [
    "a mask for a number",
    new Average({ argname: "loss" }),
    { loss: 1, mask: float(1) },
    "expected loss to be a tensor where there is a mask, got 1.",
  ],
  [
    "a mask of another shape",
    new Average(),
    { values: float(1, 2, 3), mask: float(1, 0) },
    "expected a mask that broadcasts to a float32[3], got a float32[2].",
  ],
  [
    "a mask that is none",
    new Welford(),
    { values: float(1), mask: [true] },
    "Welford.update: expected mask to be a tensor, got an array of length 1.",
  ],
  [
    "labels that are no integers",
    new Accuracy(),
    { logits: logits(), labels: float(0, 1, 1) },
    'Accuracy.update: expected int32 labels, got a float32[3]. Cast them: tf.cast(labels, "int32").',
  ],
  [
    "logits for classes with a threshold",
    new Accuracy({ threshold: 0.5 }),
    ofClasses(),
    "expected logits of shape [3] for an int32[3] of labels, got a float32[3,2]. Leave the threshold out",
  ],
  [
    "one logit each without a threshold",
    new Accuracy(),
    ofScores(),
    "expected logits of shape [3,classes] for an int32[3] of labels, got a float32[3]. Set a threshold",
  ],
  [
    "a column of labels",
    new Accuracy(),
    { logits: logits(), labels: tf.expandDims(int([0, 1, 1]), -1) },
    "Labels have no axis of classes: tf.squeeze(labels, [-1]) takes one of length 1 away",
  ],
  [
    "logits of other rows",
    new Accuracy(),
    { logits: logits(), labels: int([1]) },
    "expected logits of shape [1,classes]",
  ],
  [
    "too few classes",
    new TopKAccuracy(3),
    ofClasses(),
    "TopKAccuracy.update: expected logits of at least 3 classes, got a float32[3,2].",
  ],
  ["other classes", new F1(3), ofClasses(), "F1.update: expected logits of 3 classes, got a float32[3,2]."],
  [
    "a mask that spreads the labels",
    new ConfusionMatrix(2),
    { ...ofClasses(), mask: tf.ones([2, 3]) },
    "expected a mask that broadcasts to the labels an int32[3], got a float32[2,3].",
  ],
  [
    "logits of no class",
    new Accuracy(),
    { logits: tf.zeros([1, 0]), labels: int([0]) },
    "Accuracy.update: expected logits of one class at least, got a float32[1,0].",
  ],
  [
    "one logit each, without a threshold",
    new Accuracy(),
    { logits: tf.zeros([2, 1]), labels: int([0, 1]) },
    "got a float32[2,1], whose largest is always the first. For one logit each, make it new Accuracy({ threshold: 0 })",
  ],
  [
    "a mask that spreads the labels of AUROC",
    new AUROC(),
    { ...ofScores(), mask: tf.ones([2, 3]) },
    "AUROC.update: expected a mask that broadcasts to the labels an int32[3], got a float32[2,3].",
  ],
  [
    "nothing in the place of values",
    new MultiMetric({ loss: new Average() }),
    null,
    "MultiMetric.update: expected values by name, got null.",
  ],
  [
    "a mask of no metric's name",
    new MultiMetric({ loss: new Average() }),
    { values: float(1), mask: { accuracy: float(1) } },
    'expected masks of metrics among {loss}, got one of "accuracy". Leave it out.',
  ],
  [
    "classes for AUROC",
    new AUROC(),
    ofClasses(),
    "AUROC.update: expected logits of shape [3] for an int32[3] of labels, got a float32[3,2]. Pass one score for each example.",
  ],
])("update refuses %s and changes nothing", (_what, metric, updates, message) => {
  const before = flattenState(state(metric)).map(([, leaf]) => leaf);
  const { numTensors } = tf.memory();
  expect(() => metric.update(updates as never)).toThrow(message);
  expect(tf.memory().numTensors).toBe(numTensors);
  const after = flattenState(state(metric)).map(([, leaf]) => leaf);
  expect(after.every((leaf, i) => leaf === before[i])).toBe(true);
});

it.each<[string, () => unknown, string]>([
  [
    "a name in the place of options",
    () => new Average("loss" as never),
    'Average: expected an options object, got "loss". Pass options by name: { argname }.',
  ],
  [
    "a name that is none",
    () => new Welford({ argname: "" }),
    'Welford: expected argname to be a name other than mask, got "".',
  ],
  [
    "the name of the mask",
    () => new Average({ argname: "mask" }),
    'Average: expected argname to be a name other than mask, got "mask".',
  ],
  [
    "a number as a name",
    () => new Average({ argname: 3 as never }),
    "Average: expected argname to be a name other than mask, got 3.",
  ],
  [
    "an option of another metric",
    () => new ConfusionMatrix(2, { average: "micro" } as never),
    "ConfusionMatrix: ",
  ],
  [
    "classes that are none",
    () => new ConfusionMatrix(0),
    "ConfusionMatrix: expected the number of classes, got 0.",
  ],
  [
    "the name of the mask for a metric",
    () => new MultiMetric({ mask: new Average() }),
    'MultiMetric: expected a free name, got "mask".',
  ],
  [
    "the name of the names",
    () => new MultiMetric({ metricNames: new Average() }),
    'MultiMetric: expected a free name, got "metricNames".',
  ],
  [
    "a threshold that is none",
    () => new Accuracy({ threshold: "0.5" as never }),
    'Accuracy: expected threshold to be a number, got "0.5".',
  ],
  ["no k", () => new TopKAccuracy(0), "TopKAccuracy: expected k to be a positive integer, got 0."],
  [
    "no classes",
    () => new ConfusionMatrix(undefined as never),
    "ConfusionMatrix: expected the number of classes, got undefined.",
  ],
  [
    "three classes with a threshold",
    () => new Recall(3, { threshold: 0 }),
    "Recall: expected 2 classes with a threshold, got 3.",
  ],
  [
    "another average",
    () => new F1(3, { average: "weighted" as never }),
    'F1: expected average to be "macro", "micro", "binary" or null, got "weighted".',
  ],
  [
    "binary of three",
    () => new Precision(3, { average: "binary" }),
    'Precision: expected 2 classes for the average "binary", got 3.',
  ],
  [
    "another number for nothing",
    () => new F1(3, { zeroDivision: 2 as never }),
    "F1: expected zeroDivision to be 0, 1 or NaN, got 2.",
  ],
  ["one interval", () => new AUROC({ bins: 1 }), "AUROC: expected bins to be an integer above 1, got 1."],
  [
    "metrics in a list",
    () => new MultiMetric([new Average()] as never),
    "MultiMetric: expected metrics by name, got an array of length 1.",
  ],
  [
    "a method's name",
    () => new MultiMetric({ update: new Average() }),
    'MultiMetric: expected a free name, got "update".',
  ],
  [
    "what is no metric",
    () => new MultiMetric({ loss: new Param(1) as never }),
    "MultiMetric: expected a metric under loss, got an instance of Param.",
  ],
])("a constructor refuses %s", (_what, make, message) => {
  expect(make).toThrow(message);
});

/** The last values seen; throws when told to. */
class Last extends Metric<{ values: tf.Tensor; isBad?: boolean }, tf.Tensor> {
  readonly last = new MetricState<tf.Tensor>(tf.scalar(0));
  update({ values, isBad = false }: { values: tf.Tensor; isBad?: boolean }): void {
    this.last.value = tf.sum(values);
    if (isBad) throw new Error("not this one");
  }
  compute(): tf.Tensor {
    return this.last.value.clone();
  }
  reset(): void {
    this.last.value = tf.scalar(0);
  }
}

it("MultiMetric keeps the order of its metrics, takes ones of your own, and is all or nothing", () => {
  const multi = new MultiMetric({ z: new Average(), a: new Last(), m: new Welford() });
  expect(Object.keys(multi.compute())).toEqual(["z", "a", "m"]);
  multi.update({ values: tf.tensor1d([1, 2]) });
  const before = flattenState(state(multi)).map(([, leaf]) => leaf);
  const values = tf.tensor1d([3, 4]);
  const { numTensors } = tf.memory();
  expect(() => multi.update({ values, isBad: true })).toThrow("not this one");
  expect(tf.memory().numTensors).toBe(numTensors);
  expect(flattenState(state(multi)).every(([, leaf], i) => leaf === before[i])).toBe(true);
  expect(numbersIn(multi.compute())).toEqual([1.5, 3, 1.5, Math.fround(0.5 / Math.SQRT2), 0.5]);
  expect(multi.z).toBeInstanceOf(Average);
  const again = merge(...split(multi));
  expect(Object.keys(again.compute())).toEqual(["z", "a", "m"]);
});

it("MultiMetric gives a mask to those that are named, and refuses names of none", () => {
  const multi = new MultiMetric({ a: new Average(), b: new Average() });
  multi.update({ values: tf.tensor1d([1, 3]), mask: { a: tf.tensor1d([1, 0]) } });
  expect(numbersIn(multi.compute())).toEqual([1, 2]);
  const wrong = { values: tf.tensor1d([1, 3]), mask: { A: tf.tensor1d([1, 0]) } };
  expect(() => multi.update(wrong as never)).toThrow(
    'MultiMetric.update: expected masks of metrics among {a, b}, got one of "A". Did you mean a?',
  );
  expect(() => multi.update({ values: tf.ones([1]), mask: true } as never)).toThrow(
    "expected a mask, or masks by",
  );
  expect(() => multi.update(undefined as never)).toThrow(
    "MultiMetric.update: expected values by name, got undefined.",
  );
});

it("refuses the State of a metric of other classes", () => {
  const metric = new ConfusionMatrix(2);
  update(metric, state(new ConfusionMatrix(3)));
  expect(() => metric.update(ofClasses())).toThrow(
    "ConfusionMatrix.update: expected what was seen so far as a float32[2,2], got a float32[3,3].",
  );
});
