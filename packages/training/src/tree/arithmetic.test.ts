/** @file Arithmetic of parameters, as nested tensors and as States. */
import {
  BatchStat,
  clone,
  isVariableState,
  leafValue,
  Module,
  Param,
  state,
  toPure,
  update,
} from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { applyUpdates, globalNorm, incrementalUpdate, periodicUpdate, type Tree } from "../index.ts";

class Net extends Module {
  readonly inner = { w: new Param<tf.Tensor>(tf.tensor([1, 2])) };
  readonly b = new Param<tf.Tensor>(tf.tensor([3]));
}
const numbers = (x: unknown): unknown =>
  x instanceof tf.Tensor
    ? [...x.dataSync()]
    : isVariableState(x)
      ? numbers(leafValue(x))
      : Object.fromEntries(Object.entries(x as object).map(([key, item]) => [key, numbers(item)]));
const start = { inner: { w: [1, 2] }, b: [3] };

it("adds updates to trees and States, and keeps types of Variables", () => {
  const params = state(new Net());
  expect(numbers(applyUpdates(params, params))).toEqual({ inner: { w: [2, 4] }, b: [6] });
  const tree = toPure<tf.Tensor>(params);
  expect(numbers(applyUpdates(tree, tree))).toEqual({ inner: { w: [2, 4] }, b: [6] });
  const leaf = applyUpdates(params, params).b;
  expect(isVariableState(leaf) && leaf.type).toBe(Param);
});

it("moves a slow copy towards new values", () => {
  const model = new Net();
  const target = clone(model);
  model.b.value = tf.tensor([7]);
  update(target, incrementalUpdate(state(model), state(target), 0.25));
  expect(numbers(state(target))).toEqual({ ...start, b: [4] });
  const [a, b] = [{ x: tf.tensor([1]) }, { x: tf.tensor([Infinity]) }];
  expect(numbers(incrementalUpdate(a, b, 0.5))).toEqual({ x: [Infinity] });
});

it("takes new values every so many steps", () => {
  const [fresh, old] = [{ x: tf.scalar(1) }, { x: tf.scalar(2) }];
  expect([0, 1, 2, 3, 4].map((step) => periodicUpdate(fresh, old, step, 2) === fresh)).toEqual([
    true,
    false,
    true,
    false,
    true,
  ]);
});

it("gives the norm of trees, States and their parts", () => {
  const params = state(new Net());
  const norm = (x: Tree | typeof params): number => globalNorm(x).dataSync()[0] as number;
  expect(norm(params)).toBeCloseTo(Math.sqrt(14));
  expect(norm(params.inner as never)).toBeCloseTo(Math.sqrt(5));
  expect(norm({ a: tf.tensor([Number.NaN]) })).toBeNaN();
  expect(norm({ a: tf.tensor([1e25]) })).toBe(Infinity);
  expect(norm({ a: tf.zeros([0, 3]) })).toBe(0);
});

it.each<[string, () => unknown, string | RegExp]>([
  [
    "other shapes",
    () => applyUpdates({ x: tf.ones([2]) }, { x: tf.ones([1]) }),
    "applyUpdates at x: expected updates like the params, a float32[2], got a float32[1].",
  ],
  ["other paths", () => applyUpdates({ x: tf.ones([2]) }, { y: tf.ones([2]) }), /applyUpdates at x/],
  [
    "States of other paths",
    () => applyUpdates(state(new Net()), state({ s: new BatchStat(tf.ones([1])) })),
    /applyUpdates at b: expected States with the same paths/,
  ],
  ["a step size of NaN", () => incrementalUpdate({}, {}, Number.NaN), /incrementalUpdate: expected stepSize/],
  [
    "a period of 0",
    () => periodicUpdate({}, {}, 1, 0),
    /periodicUpdate: expected updatePeriod to be a positive integer/,
  ],
])("refuses %s", (_what, make, message) => {
  expect(make).toThrow(message);
});
