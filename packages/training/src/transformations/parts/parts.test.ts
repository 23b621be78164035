/** @file Units that are clipped, and what parts of rules refuse. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  adaptiveGradClip,
  chain,
  clip,
  ema,
  type GradientTransformation,
  keepParamsNonnegative,
  sgd,
  trace,
  type Tree,
  zeroNans,
} from "../../index.ts";

const step = (tx: GradientTransformation, updates: Tree, params: Tree): [Tree, Tree] => {
  const [given, state] = tx.update(updates, tx.init(params), params);
  return [given, state as Tree];
};
const numbers = (x: unknown): number[] => [...(x as tf.Tensor).dataSync()];

describe("adaptiveGradClip", () => {
  /** The norms of the clipped gradients of ones, where parameters are ones, over these axes. */
  const norms = (shape: number[], axes: number[], options?: Parameters<typeof adaptiveGradClip>[1]) => {
    const params = { w: tf.ones(shape) };
    const [{ w }] = step(adaptiveGradClip(0.5, options), { w: tf.mul(tf.ones(shape), 8) }, params);
    return numbers(tf.sqrt(tf.sum(tf.square(w as tf.Tensor), axes)));
  };

  it.each<[number[], number[]]>([
    [[], []],
    [[4], [0]],
    [
      [1, 4],
      [0, 1],
    ],
    [
      [1, 1, 4, 1],
      [0, 1, 2, 3],
    ],
    [[4, 3], [0]],
    [[4, 2, 3], [0]],
    [
      [1, 2, 2, 3],
      [0, 1, 2],
    ],
    [
      [1, 1, 2, 2, 3],
      [0, 1, 2, 3],
    ],
  ])("clips the unit of a parameter of shape %j over the axes %j", (shape, axes) => {
    const size = axes.reduce((product, axis) => product * shape[axis]!, 1);
    for (const norm of norms(shape, axes)) expect(norm).toBeCloseTo(0.5 * Math.sqrt(size), 5);
  });

  it("clips over the axes that it is given, from the end, too", () => {
    for (const axis of [1, -1, [1], [-1]])
      for (const norm of norms([2, 4], [1], { axis })) expect(norm).toBeCloseTo(1, 5);
    for (const norm of norms([2, 4], [0, 1], { axis: [0, -1] })) expect(norm).toBeCloseTo(Math.sqrt(2), 5);
  });

  it.each<[number[], number | number[] | null, string]>([
    [[2, 3], 2, "axes of every parameter, here of one of shape [2,3], got 2"],
    [[2, 3], -3, "axes of every parameter, here of one of shape [2,3], got -3"],
    [[2, 3], [0, 5], "axes of every parameter, here of one of shape [2,3], got"],
    [[2, 1, 1, 1, 1, 2], null, "expected parameters of five axes at most, got one of shape [2,1,1,1,1,2]"],
  ])("refuses parameters of shape %j with axis %j", (shape, axis, message) => {
    expect(() => norms(shape, [], { axis })).toThrow(message);
  });

  it("refuses axes that are no integers", () => {
    expect(() => adaptiveGradClip(0.1, { axis: [0, 0.5] })).toThrow("adaptiveGradClip: expected axis");
    expect(() => adaptiveGradClip(0.1, { axis: 0.5 })).toThrow("adaptiveGradClip: expected axis");
  });
});

it("updates that would make a parameter negative take it to 0", () => {
  const [{ w }] = step(keepParamsNonnegative(), { w: tf.tensor([-3, 1, -1]) }, { w: tf.tensor([2, 0, 1]) });
  expect(numbers(w)).toEqual([-2, 1, -1]);
  expect(() => step(keepParamsNonnegative(), { w: tf.ones([1]) }, { w: tf.ones([2]) })).toThrow(
    "keepParamsNonnegative",
  );
});

it("NaN is told and replaced by 0, infinities are not", () => {
  const params = { w: tf.ones([3]), v: tf.ones([1]) };
  const tx = zeroNans();
  expect(numbers((tx.init(params).foundNan as Record<string, unknown>).w)).toEqual([0]);
  const [updates, { foundNan }] = tx.update(
    { w: tf.tensor([Number.NaN, 2, Infinity]), v: tf.ones([1]) },
    tx.init(params),
    params,
  );
  expect(numbers((updates as Record<string, unknown>).w)).toEqual([0, 2, Infinity]);
  const found = foundNan as unknown as Record<string, tf.Tensor>;
  expect([found.w!.dtype, numbers(found.w), numbers(found.v)]).toEqual(["bool", [1], [0]]);
});

it("momenta are refused by their own names", () => {
  expect(() => trace(1)).toThrow("trace: expected decay in [0, 1), got 1");
  expect(() => sgd(1, { momentum: 1 })).toThrow("sgd: expected momentum in [0, 1), got 1");
  expect(() => ema(1)).toThrow("ema: expected decay in [0, 1), got 1");
});

it("trace with nesterov looks one step ahead", () => {
  const [params, g] = [{ w: tf.zeros([1]) }, { w: tf.tensor([2]) }];
  const of = (tx: GradientTransformation): number[] => {
    const [first, state] = tx.update(g, tx.init(params), params);
    return [first, tx.update(g, state, params)[0]].flatMap((each) =>
      numbers((each as Record<string, unknown>).w),
    );
  };
  expect(of(trace(0.5))).toEqual([2, 3]);
  expect(of(trace(0.5, { nesterov: true }))).toEqual([3, 3.5]);
  expect(of(ema(0.5))).toEqual([2, 2]);
  expect(of(ema(0.5, { debias: false }))).toEqual([1, 1.5]);
  expect(of(chain(clip(1), trace(0.5)))).toEqual([1, 1.5]);
});
