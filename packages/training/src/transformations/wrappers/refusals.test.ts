/** @file What wrappers refuse, and what they say of their states. */
import { StructureError } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  applyIfFinite,
  conditionallyTransform,
  type GradientTransformation,
  injectHyperparams,
  lbfgs,
  lookahead,
  measureWithEma,
  MultiSteps,
  namedChain,
  sgd,
  type StatefulSchedule,
  type Tree,
} from "../../index.ts";

const tree = (): Tree => ({ w: tf.ones([2]) });
const step = (tx: GradientTransformation, params: Tree = tree()): Tree =>
  tx.update(params, tx.init(params), params)[0];

describe("lookahead", () => {
  const tx = lookahead(sgd(1), 2, 0.5);
  it.each<[string, object]>([
    ["no slow parameters", { fast: tree() }],
    ["no fast parameters", { slow: tree() }],
    ["more than two", { fast: tree(), slow: tree(), other: tree() }],
    ["numbers", { fast: tree(), slow: 3 }],
  ])("refuses %s", (_, params) => {
    expect(() => tx.init(params as Tree)).toThrow(
      "lookahead: expected { fast, slow }, got an object with keys",
    );
    expect(() => tx.init(params as Tree)).toThrow(StructureError);
  });
});

it.each<[string, unknown]>([
  ["no name", ["", sgd(1)]],
  ["a number as name", [1, sgd(1)]],
  ["no pair", sgd(1)],
])("namedChain refuses %s", (_, pair) => {
  expect(() => namedChain(["a", sgd(1)], pair as never)).toThrow(
    "namedChain: expected pairs of a name and a transformation, each name once, got",
  );
});

describe("MultiSteps", () => {
  it("says whether it has updated in the middle of its second step, too", () => {
    const tx = new MultiSteps(sgd(1), 2);
    const told: boolean[] = [];
    let state = tx.init(tree());
    for (let i = 0; i < 4; i++) {
      told.push(tx.hasUpdated(state));
      [, state] = tx.update(tree(), state, tree());
    }
    expect(told).toEqual([false, false, true, false]);
    for (const none of [null, 3, {}, { miniStep: "0", gradientStep: 1 }])
      expect(() => tx.hasUpdated(none as never)).toThrow(
        "MultiSteps.hasUpdated: expected the state of MultiSteps, got",
      );
  });

  it("refuses an option that is no function", () => {
    expect(() => new MultiSteps(sgd(1), 2, { shouldSkipUpdateFn: 3 as never })).toThrow(
      "MultiSteps: expected a function",
    );
  });
});

describe("injectHyperparams", () => {
  it("leaves one static argument alone, by name", () => {
    const state = injectHyperparams(lbfgs, { staticArgs: "memorySize" })({
      learningRate: 0.5,
      memorySize: 3,
    }).init(tree());
    expect(state.hyperparams).toEqual({ learningRate: 0.5 });
    const both = injectHyperparams(lbfgs, { staticArgs: ["memorySize"] })({
      learningRate: 0.5,
      memorySize: 3,
    }).init(tree());
    expect(both.hyperparams).toEqual({ learningRate: 0.5 });
  });

  it("refuses states without those of its schedules", () => {
    const tx = injectHyperparams(sgd)(() => 0.5);
    const state = tx.init(tree());
    expect(() => tx.update(tree(), { ...state, hyperparamsStates: {} }, tree())).toThrow(
      'injectHyperparams: expected a state for the schedule "learningRate", got',
    );
  });

  it("takes an object for a schedule only with all that one has", () => {
    const half = { init: () => ({}), update: () => ({}) };
    const whole: StatefulSchedule = { init: () => ({}), update: () => ({}), valueAt: () => 0.25 };
    const made = (rate: unknown): unknown =>
      injectHyperparams((learningRate: number) => sgd(learningRate))(rate as never).init(tree()).hyperparams;
    expect(made(whole)).toEqual({ learningRate: 0.25 });
    expect(() => made(half)).toThrow(
      "injectHyperparams of init: expected the schedule to return a finite number",
    );
  });
});

it("a condition is one truth value", () => {
  const of = (condition: tf.Tensor) => () => step(conditionallyTransform(sgd(1), () => condition));
  expect(of(tf.tensor([true, true]))).toThrow("a scalar of dtype bool, got a bool[2]");
  expect(of(tf.tensor([true]))).not.toThrow();
});

it("applyIfFinite takes steps where there are no parameters", () => {
  expect(step(applyIfFinite(sgd(1), 1), {})).toEqual({});
});

it("means of integers are floats, and those of floats are not copied into another dtype", () => {
  const [mean] = measureWithEma(() => tf.scalar(3, "int32"), 0.5, { debias: false }).update(
    tree(),
    measureWithEma(() => tf.scalar(3, "int32"), 0.5).init(tree()),
    tree(),
  ) as unknown as [tf.Tensor];
  expect([mean.dtype, mean.dataSync()[0]]).toEqual(["float32", 1.5]);
});
