import "@tensorflow/tfjs-backend-cpu";
import "../vitest.ts";
import { BatchNorm, clone, Linear, Module, Param, random, Rngs, split, state, Variable } from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { areEqual, assertEqual, differences, nnxMatchers, ulpsBetween } from "../index.ts";

const linear = (seed: number): Linear => new Linear(2, 3, { rngs: new Rngs(seed) });

it.each([
  ["tensors", tf.tensor1d([0, 1]), tf.tensor1d([0, 1])],
  ["NaN", tf.tensor1d([Number.NaN]), tf.tensor1d([Number.NaN])],
  ["no elements", tf.zeros([0, 2]), tf.zeros([0, 2])],
  ["models", linear(0), linear(0)],
  ["States", state(linear(0)), state(linear(0))],
  ["keys", random.key(1), random.key(1)],
  [
    "containers",
    { a: [tf.ones([2]), 3], m: new Map([["x", tf.zeros([1])]]) },
    { a: [tf.ones([2]), 3], m: new Map([["x", tf.zeros([1])]]) },
  ],
  ["numbers", Number.NaN, Number.NaN],
  ["strings in a tensor", tf.tensor(["a"]), tf.tensor(["a"])],
])("equal: %s", async (_, a, b) => {
  expect(await differences(a, b)).toEqual([]);
  await expect(a).toEqualValues(b);
  await assertEqual(a, b);
});

class Pair extends Module {
  readonly first: Param<tf.Tensor>;
  readonly second: Param<tf.Tensor>;
  readonly name: string;
  constructor(first: Param<tf.Tensor>, second: Param<tf.Tensor>, name = "pair") {
    super();
    this.first = first;
    this.second = second;
    this.name = name;
  }
}
const one = (): Param<tf.Tensor> => new Param<tf.Tensor>(tf.ones([2]));
const shared = one();

it.each([
  [
    "zeros of another sign",
    tf.tensor1d([0]),
    tf.tensor1d([-0]),
    "(root): expected -0 at [0], got 0, at most 0 ulp",
  ],
  [
    "NaN",
    tf.tensor1d([1, Number.NaN]),
    tf.tensor1d([1, 2]),
    "(root): expected 2 at [1], got NaN, at most Infinity ulp",
  ],
  ["dtypes", tf.tensor1d([1], "int32"), tf.tensor1d([1]), "(root): expected float32[1], got int32[1]"],
  ["shapes", tf.ones([1, 2]), tf.ones([2]), "(root): expected float32[2], got float32[1,2]"],
  [
    "a place",
    { a: [tf.ones([2, 2])] },
    {
      a: [
        tf.tensor2d([
          [1, 1],
          [1, 4],
        ]),
      ],
    },
    "a.0: expected 4 at [1, 1], got 1, at most 16777216 ulp",
  ],
  ["a value too many", { a: 1, b: 2 }, { a: 1 }, "b: expected nothing, got a value"],
  ["a value too few", { a: 1 }, { a: 1, b: 2 }, "b: expected a value, got none"],
  ["keys", { k: random.key(1) }, { k: random.key(2) }, /^k: expected .*2\], got .*1\]/],
  [
    "types of Variables",
    state(new Pair(one(), one())),
    state({ first: new Variable(tf.ones([2])), second: one() }),
    "first: expected Variable, got Param",
  ],
  [
    "attributes",
    new Pair(one(), one(), "x"),
    new Pair(one(), one()),
    /^\(root\): expected the definition to say .*pair/,
  ],
  ["sharing", new Pair(shared, shared), new Pair(one(), one()), /^\(root\): expected the definition to say/],
  [
    "classes",
    linear(0),
    new BatchNorm(3, { rngs: new Rngs(0) }),
    /^\(root\): expected the definition to say .*BatchNorm/,
  ],
  ["a tensor and a number", { a: 1 }, { a: tf.scalar(1) }, "a: expected a tensor, got 1"],
])("different: %s", async (_, a, b, text) => {
  const [found] = await differences(a, b);
  expect(`${found!.path}: ${found!.text}`)[typeof text === "string" ? "toBe" : "toMatch"](text as string);
  expect(await areEqual(a, b)).toBe(false);
  await expect(a).not.toEqualValues(b);
  await expect(assertEqual(a, b)).rejects.toThrow(/^assertEqual: expected equal values\.\n/);
});

it("counts float32 numbers between two", () => {
  expect(ulpsBetween(-(2 ** -149), 2 ** -149)).toBe(2);
  expect(ulpsBetween(1, Number.NaN)).toBe(Number.POSITIVE_INFINITY);
  expect(ulpsBetween(2, 1)).toBe(2 ** 23);
});

it("has tolerances, which do not let NaN or infinities pass", async () => {
  const near = tf.tensor1d([1, 100]);
  const far = tf.tensor1d([1 + 2 ** -23, 100.001]);
  expect(await areEqual(near, far, { relative: 1e-4 })).toBe(true);
  expect(await areEqual(near, far, { relative: 1e-6 })).toBe(false);
  expect(await areEqual(near, far, { relative: 0, absolute: 0.01 })).toBe(true);
  expect(await areEqual(near, far, { ulp: 1 })).toBe(false);
  expect(await areEqual(tf.scalar(0), tf.scalar(-0), { ulp: 0 })).toBe(true);
  for (const tolerance of [{ ulp: 2 ** 31 }, { relative: 1e9, absolute: 1e9 }]) {
    expect(await areEqual(tf.scalar(Number.POSITIVE_INFINITY), tf.scalar(1), tolerance)).toBe(false);
    expect(await areEqual(tf.scalar(1), tf.scalar(Number.POSITIVE_INFINITY), tolerance)).toBe(false);
    expect(await areEqual(tf.scalar(Number.NaN), tf.scalar(1), tolerance)).toBe(false);
    expect(await areEqual(tf.scalar(1), tf.scalar(Number.NaN), tolerance)).toBe(false);
  }
  for (const bad of [{ ulp: -1 }, { relative: Number.NaN }, {}, null, "exact"])
    await expect(areEqual(1, 1, bad as never)).rejects.toThrow(/differences: expected "bits", \{ ulp \}/);
});

it("lists the first ten differences, also as a matcher", async () => {
  const all = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`x${i}`, i]));
  const none = Object.fromEntries(Object.keys(all).map((name) => [name, -1]));
  const { pass, message } = await nnxMatchers.toEqualValues(all, none);
  expect(pass).toBe(false);
  expect(message().split("\n")).toHaveLength(12);
  expect(message()).toMatch(/… and 2 more$/);
  expect((await nnxMatchers.toEqualValues(1, 1)).message()).toMatch(/got equal ones/);
});

it("leaves what it compares as it was", async () => {
  const model = linear(3);
  const copy = clone(model);
  const before = tf.memory().numTensors;
  await differences(model, copy);
  await differences(split(model)[1], state(copy));
  expect(tf.memory().numTensors).toBeLessThanOrEqual(before + 4);
  expect(model.kernel.value.isDisposed).toBe(false);
});
