/** @file Losses of one list, of lists of lists, without lists, and in what name arguments are refused. */
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { rankingSoftmaxLoss, smoothLabels, squaredError } from "./index.ts";
import { maskedSum } from "./masked-sum.ts";

const numbers = (x: tf.Tensor): number[] => [...x.dataSync()];
const logits = tf.tensor([1, 2, 0.5, -1, 3, 0, 0.25, 2, 1, 1, -2, 4], [2, 2, 3]);
const labels = tf.tensor([1, 0, 2, 0, 1, 0, 3, 0, 0, 1, 1, 1], [2, 2, 3]);
const mask = tf.tensor([1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1], [2, 2, 3], "bool");
const rows = (x: tf.Tensor): tf.Tensor[] => tf.unstack(tf.reshape(x, [4, 3]));

it("ranks each list as it ranks that list alone", () => {
  const [each, wanted, there] = [logits, labels, mask].map(rows) as [tf.Tensor[], tf.Tensor[], tf.Tensor[]];
  const alone = each.map((row, i) => rankingSoftmaxLoss(row, wanted[i]!, { where: there[i]! }));
  expect(alone.map((loss) => loss.shape)).toEqual([[], [], [], []]);
  const all = rankingSoftmaxLoss(logits, labels, { where: mask, reduceFn: null });
  expect(all.shape).toEqual([2, 2]);
  const losses = alone.flatMap(numbers);
  for (const [i, loss] of numbers(all).entries()) expect(loss).toBeCloseTo(losses[i]!, 5);
  // The third list has no items.
  expect(losses[2]).toBe(0);
  const sum = losses.reduce((a, b) => a + b);
  const reduced = (reduceFn: "sum" | "mean"): number =>
    numbers(rankingSoftmaxLoss(logits, labels, { where: mask, reduceFn }))[0]!;
  expect(reduced("sum")).toBeCloseTo(sum, 5);
  expect(reduced("mean")).toBeCloseTo(sum / 3, 5);
  expect(numbers(rankingSoftmaxLoss(logits, labels, { where: mask }))[0]).toBeCloseTo(sum / 3, 5);
});

it("is 0 in the mean of no lists", () => {
  const none = tf.zeros([0, 3]);
  expect(numbers(rankingSoftmaxLoss(none, none))).toEqual([0]);
  expect(numbers(rankingSoftmaxLoss(none, none, { reduceFn: "sum" }))).toEqual([0]);
});

it("smooths labels of one example", () => {
  for (const [i, x] of numbers(smoothLabels(tf.tensor1d([0, 1, 0, 0]), 0.2)).entries())
    expect(x).toBeCloseTo([0.05, 0.85, 0.05, 0.05][i]!, 6);
});

it("takes predictions for errors where there are no targets", () => {
  const x = tf.tensor([1, -2]);
  for (const loss of [squaredError(x), squaredError(x, null as never), squaredError(x, undefined)])
    expect(numbers(loss)).toEqual([1, 4]);
});

it("sums over no axes nothing, and over others what the mask lets through", () => {
  const x = tf.tensor([1, 2, Number.NaN, 4], [2, 2]);
  const there = tf.tensor([1, 1, 0, 1], [2, 2], "bool");
  expect(numbers(maskedSum("f", x, [], null))).toEqual([1, 2, Number.NaN, 4]);
  expect(numbers(maskedSum("f", x, [0], there))).toEqual([1, 6]);
  expect(maskedSum("f", x, [1], there, true).shape).toEqual([2, 1]);
});

const [odd, text] = [tf.zeros([2, 2]), tf.tensor(["a"]) as tf.Tensor];
it.each<[string, () => unknown]>([
  ["rankingSoftmaxLoss: expected float32 logits", () => rankingSoftmaxLoss(tf.cast(logits, "int32"), labels)],
  ["rankingSoftmaxLoss: expected labels to hold numbers", () => rankingSoftmaxLoss(logits, text)],
  ["rankingSoftmaxLoss: expected logits and labels of one shape", () => rankingSoftmaxLoss(logits, odd)],
  [
    "rankingSoftmaxLoss: expected logits of shape [..., classes]",
    () => rankingSoftmaxLoss(tf.scalar(1), tf.scalar(1)),
  ],
  [
    "rankingSoftmaxLoss: expected a where that broadcasts",
    () => rankingSoftmaxLoss(logits, labels, { where: odd }),
  ],
  [
    "rankingSoftmaxLoss: expected a weights that broadcasts",
    () => rankingSoftmaxLoss(logits, labels, { weights: odd }),
  ],
  [
    "rankingSoftmaxLoss: expected weights to hold numbers",
    () => rankingSoftmaxLoss(logits, labels, { weights: text }),
  ],
  ["smoothLabels: expected a where that broadcasts", () => smoothLabels(logits, 0.1, { where: odd })],
  ["squaredError: expected targets to hold numbers", () => squaredError(tf.tensor([1]), text)],
  ["f: expected a where that broadcasts", () => maskedSum("f", logits, [0], odd)],
])("%s", (message, call) => {
  expect(call).toThrow(message);
});
