/** @file Masks, and what update rules refuse in a step: states of other models, and odd schedules. */
import { anyOf, not, ofType, Param, pathContains, pathIn, StructureError, withTag } from "@nnxjs/nnx-core";
import { random } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import * as t from "../../index.ts";
import type { GradientTransformation, Mask, TransformationState, Tree } from "../../index.ts";

const params = { layers: { 0: { kernel: tf.ones([2, 2]), bias: tf.ones([2]) } }, head: tf.ones([3]) };
const decayedBy = (mask: Mask): Tree =>
  t.addDecayedWeights(1, { mask }).update(zeros, { innerState: [] }, params)[0];
const zeros = {
  layers: { 0: { kernel: tf.zeros([2, 2]), bias: tf.zeros([2]) } },
  head: tf.zeros([3]),
};
const flat = (tree: Tree | tf.Tensor): number[] =>
  tree instanceof tf.Tensor ? [...tree.dataSync()].slice(0, 1) : Object.values(tree).flatMap(flat);

describe("a mask", () => {
  it.each<[string, Mask, readonly number[]]>([
    ["true", true, [1, 1, 1]],
    ["false", false, [0, 0, 0]],
    ["booleans by path", { layers: { 0: { kernel: true, bias: false } }, head: false }, [1, 0, 0]],
    ["booleans for all below", { layers: true, head: false }, [1, 1, 0]],
    ["a function of the parameters", (given) => ({ layers: false, head: "head" in given }), [0, 0, 1]],
    ["a function that says all", () => true, [1, 1, 1]],
    ["a filter by name", pathContains("kernel"), [1, 0, 0]],
    ["a filter by index", pathContains(0), [1, 1, 0]],
    ["a filter by path", pathIn(["layers", 0, "bias"]), [0, 1, 0]],
    ["a filter of filters", not(pathContains("head")), [1, 1, 0]],
  ])("is %s", (_what, mask, wanted) => {
    expect(flat(decayedBy(mask))).toEqual(wanted);
  });

  it.each<[string, Mask, RegExp]>([
    [
      "lacks a parameter",
      { layers: true },
      /addDecayedWeights at head: expected true or false in the mask for each parameter, or for all below a path, got nothing\./,
    ],
    [
      "has another",
      { layers: true, head: true, tail: true },
      /addDecayedWeights at tail: expected true or false in the mask for each parameter, .*, got true/,
    ],
    [
      "goes deeper",
      { layers: true, head: { a: true } },
      /addDecayedWeights at head(\.a)?: expected true or false/,
    ],
    [
      "comes late",
      (async () => ({})) as never,
      /addDecayedWeights at .*: expected true or false in the mask .*, got an instance of Promise/,
    ],
    [
      "is made of numbers",
      (() => ({ layers: 1, head: true })) as never,
      /addDecayedWeights at layers\.0\.kernel: expected true or false in the mask .*, got 1/,
    ],
    [
      "says one boolean of all parameters",
      ((given: Tree) => "head" in given) as never,
      /addDecayedWeights: expected the mask to return booleans by path, got true\. .* anyOf\(predicate\)/,
    ],
    [
      "asks for types where there are tensors alone",
      ofType(Param),
      /addDecayedWeights: expected parameters of a model, whose Variables ofType\(Param\) asks for, got tensors alone/,
    ],
    [
      "is a predicate where there are tensors alone",
      anyOf(() => true),
      /addDecayedWeights: expected parameters of a model, whose Variables anyOf\(.*\) asks for, got tensors alone/,
    ],
  ])("is refused in the step when it %s", (_what, mask, message) => {
    expect(() => decayedBy(mask)).toThrow(StructureError);
    expect(() => decayedBy(mask)).toThrow(message);
  });
});

it.each<[string, () => GradientTransformation]>([
  ["amsgrad", () => t.amsgrad(0.1)],
  ["adan", () => t.adan(0.1)],
  ["adagrad", () => t.adagrad(0.1)],
  ["adadelta", () => t.adadelta()],
  ["adafactor", () => t.adafactor({ minDimSizeToFactor: 2, momentum: 0.9 })],
  ["novograd", () => t.novograd(0.1)],
  ["rprop", () => t.rprop(0.1)],
  ["signum", () => t.signum(0.1)],
  ["sm3", () => t.sm3(0.1)],
  ["optimisticGradientDescent", () => t.optimisticGradientDescent(0.1)],
  ["scaleByDistanceOverGradients", () => t.scaleByDistanceOverGradients()],
  ["rmsprop with bias correction", () => t.rmsprop(0.1, { biasCorrection: true, centered: true })],
])("%s refuses the state of another model, with the path", (_name, make) => {
  const tx = make();
  const other = { w: tf.ones([3, 2]) };
  const state = tx.init({ w: tf.ones([2, 4]) });
  expect(() => tx.update(other, state, other)).toThrow(StructureError);
  expect(() => tx.update(other, state, other)).toThrow(/ at w: expected /);
  const elsewhere: TransformationState = tx.init({ v: tf.ones([3, 2]) });
  expect(() => tx.update(other, elsewhere, other)).toThrow(/ at [vw]: expected /);
});

it.each<[string, GradientTransformation, TransformationState, Tree, RegExp]>([
  [
    "several keys",
    t.addNoise(1, 1),
    { count: 0, rngKey: random.split(random.key(0), 3) },
    { w: tf.ones([1]) },
    /addNoise at rngKey: expected one key, got a key<fry>\[3\]/,
  ],
  [
    "words in the place of a key",
    t.addNoise(1, 1),
    { count: 0, rngKey: [1, 2] },
    { w: tf.ones([1]) },
    /addNoise at rngKey: expected one key, got /,
  ],
  [
    "an axis that a parameter lacks",
    t.adaptiveGradClip(1, { axis: 1 }),
    [],
    { w: tf.ones([1]) },
    /axes of every parameter, here of one of shape \[1\], got 1/,
  ],
  [
    "six axes",
    t.adaptiveGradClip(1),
    [],
    { w: tf.ones([2, 2, 1, 1, 1, 1]) },
    /five axes at most, got one of shape \[2,2,1,1,1,1\]/,
  ],
  [
    "an offset beyond the steps",
    t.adafactor({ decayOffset: 3 }),
    [
      { count: 0, vRow: { w: tf.zeros([1]) }, vCol: { w: tf.zeros([1]) }, v: { w: tf.zeros([1]) } },
      [],
      [],
      [],
    ],
    { w: tf.ones([1]) },
    /a decay in \[0, 1\] at step 0, got /,
  ],
  [
    "a schedule of weight decay that ends",
    t.addDecayedWeights(() => Number.NaN),
    { count: 4 },
    { w: tf.ones([1]) },
    /addDecayedWeights: expected the schedule to return a finite number at step 4, got NaN/,
  ],
])("refuses %s in the step", (_what, tx, state, tree, message) => {
  expect(() => tx.update(tree, state, tree)).toThrow(message);
});

it("asks the schedule of fromage once in each step", () => {
  const asked: number[] = [];
  const tx = t.fromage((count) => {
    asked.push(count);
    return 0.1;
  });
  const tree = { w: tf.ones([2]) };
  let state = tx.init(tree);
  for (let step = 0; step < 3; step++) [, state] = tx.update(tree, state, tree);
  expect(asked).toEqual([0, 1, 2]);
});

it("takes scalars and tensors without elements where optax fails", () => {
  const tx = t.sm3(1);
  const tree = { s: tf.scalar(2), none: tf.zeros([0, 3]) };
  const [updates] = tx.update(tree, tx.init(tree), tree);
  expect((updates.s as tf.Tensor).dataSync()[0]).toBeCloseTo(-0.1, 6);
  expect((updates.none as tf.Tensor).shape).toEqual([0, 3]);
});

class Slow extends Param<tf.Tensor> {}

it.each<[string, Mask]>([
  ["a path", pathContains("kernel")],
  ["a type", not(ofType(Slow))],
  ["a tag", not(withTag("slow"))],
  ["a predicate", anyOf((_, variable) => (variable as Param<tf.Tensor>).value.rank > 1)],
  ["booleans", { kernel: true, bias: false }],
])("decays the same weights of a model by %s", (_what, mask) => {
  const bias = new Slow(tf.ones([2]), { tag: "slow" });
  const model = { kernel: new Param(tf.ones([2, 2])), bias };
  const grads = { kernel: new Param(tf.zeros([2, 2])), bias: new Param(tf.zeros([2])) };
  new t.Optimizer(model, t.adamw(0.1, { weightDecay: 0.5, mask })).update(model, grads);
  expect([...model.kernel.value.dataSync()]).toEqual(new Array(4).fill(Math.fround(0.95)));
  expect([...model.bias.value.dataSync()]).toEqual([1, 1]);
});
