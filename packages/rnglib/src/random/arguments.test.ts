import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { type PRNGKey, random } from "../index.ts";
import { drop } from "../internal.ts";

const key = random.key(0);
const logits = tf.zeros([2, 3]);

describe("an option that a sampler does not have", () => {
  const calls: Readonly<Record<string, (options: object) => unknown>> = {
    bernoulli: (o) => random.bernoulli(key, 0.5, [2], o),
    bits: (o) => random.bits(key, [2], o),
    categorical: (o) => random.categorical(key, logits, o),
    choice: (o) => random.choice(key, 3, [2], o),
    drop: (o) => drop(tf.ones([2]), key, 0.5, o),
    gumbel: (o) => random.gumbel(key, [2], o),
    multivariateNormal: (o) => random.multivariateNormal(key, [0], tf.eye(1), [], o),
    orthogonal: (o) => random.orthogonal(key, 2, [], o),
    permutation: (o) => random.permutation(key, 3, o),
    uniform: (o) => random.uniform(key, [2], o),
  };
  it.each(Object.entries(calls))("%s refuses it", (name, call) => {
    expect(() => call({ sigma: 1 })).toThrow(`${name}: expected options among {`);
    expect(() => call({ sigma: 1 })).toThrow('got "sigma"');
    expect(() => call([1])).toThrow(`${name}: expected an options object, got`);
    expect(() => call({})).not.toThrow();
  });

  it.each<[string, () => unknown]>([
    ["minval", () => random.uniform(key, [2], { minVal: 3 } as object)],
    ["independent", () => random.permutation(key, 3, { indpendent: true } as object)],
    ["replace", () => random.choice(key, 3, [2], { replce: false } as object)],
    ["method", () => random.multivariateNormal(key, [0], tf.eye(1), [], { methd: "svd" } as object)],
    ["width", () => random.bits(key, [2], { Width: 8 } as object)],
  ])("is answered with the nearest one, %s", (meant, call) => {
    expect(call).toThrow(`Did you mean ${meant}?`);
  });
});

describe("arguments in the wrong place or of the wrong kind", () => {
  // Arguments that the types refuse but JavaScript lets through.
  const anything = random as unknown as Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;
  it.each<[string, readonly unknown[], string]>([
    ["normal", [[2, 3], key], "normal: expected a shape of non-negative integers, got key<fry>[] [0, 0]."],
    ["normal", [[2, 3]], "normal: expected a key, got [2, 3]. Make one with key(seed). It is the first"],
    ["normal", [key, null], "normal: expected a shape of non-negative integers, got null."],
    ["normal", [key, "3"], 'normal: expected a shape of non-negative integers, got "3".'],
    ["normal", [key, ["3"]], 'normal: expected a shape of non-negative integers, got ["3"].'],
    ["gumbel", [key, { mode: "high" }], "got an object with keys {mode}. Give the size of each axis"],
    ["gamma", [2, key], "gamma: expected a number, a list of numbers or a tensor, got a key<fry>[]."],
    ["gamma", [2, key], "Pass numbers; the key comes first."],
    ["uniform", [[2], key], "uniform: expected a shape of non-negative integers, got key<fry>[] [0, 0]."],
    ["bits", [[2], key], "bits: expected a key, got [2]."],
    ["choice", [key, null], "choice: expected an integer or a tensor with at least 1 axis, got null."],
    ["ball", [key, 2, [1, 2]], "ball: expected one number p, got an array of length 2."],
    ["foldIn", [key, null], "foldIn: expected an integer in [0, 2^32), got null."],
    ["foldIn", [key, "5"], 'foldIn: expected an integer in [0, 2^32), got "5".'],
    ["foldIn", [key, [5]], "foldIn: expected an integer in [0, 2^32), got [5]."],
    ["split", [key, null], "split: expected a shape of non-negative integers, got null."],
  ])("%s(%j) is refused in so many words", (name, args, message) => {
    expect(() => anything[name]?.(...args)).toThrow(message);
  });

  it("names a disposed parameter as such", () => {
    const rate = tf.ones([2]);
    rate.dispose();
    expect(() => random.gamma(key, rate)).toThrow("gamma: expected the parameter to be a live tensor");
    expect(() => random.choice(key, rate, [2])).toThrow("choice: expected a to be a live tensor");
    expect(() => random.permutation(key, rate)).toThrow("permutation: expected x to be a live tensor");
  });
});

describe("sizes that no array has", () => {
  const huge = [2 ** 20, 2 ** 20];
  it.each<[string, (k: PRNGKey) => unknown]>([
    ["uniform", (k) => random.uniform(k, huge)],
    ["gamma", (k) => random.gamma(k, 1, huge)],
    ["bits", (k) => random.bits(k, huge)],
    ["split", (k) => random.split(k, huge)],
    ["orthogonal", (k) => random.orthogonal(k, 2 ** 20)],
  ])("%s refuses them", (name, call) => {
    expect(() => call(key)).toThrow(
      `${name}: expected a shape of at most 4294967295 elements, got [1048576, 1048576`,
    );
  });

  it("choice and permutation refuse ranges beyond int32", () => {
    expect(() => random.choice(key, 2 ** 31, [2])).toThrow(
      "choice: expected at most 2147483647 alternatives, got 2147483648",
    );
    expect(() => random.permutation(key, 2 ** 40)).toThrow(
      "permutation: expected an integer of at most 2^31",
    );
  });
});

describe("weights that are no weights", () => {
  const matrix = tf.tensor2d([
    [1, 2],
    [3, 4],
  ]);
  it.each<[string, () => unknown, string]>([
    [
      "negative",
      () => random.choice(key, matrix, [3], { p: [-1, -1], axis: 1 }),
      "choice: expected weights of at least 0, got -1 at 0.",
    ],
    [
      "NaN",
      () => random.choice(key, 2, [3], { p: [1, Number.NaN], replace: true }),
      "choice: expected weights of at least 0, got NaN at 1.",
    ],
    [
      "all zero",
      () => random.choice(key, 2, [3], { p: [0, 0] }),
      "choice: expected at least 1 weights above 0, got 0.",
    ],
    [
      "too few above zero",
      () => random.choice(key, 3, [2], { p: [0, 1, 0], replace: false }),
      "choice: expected at least 2 weights above 0, got 1.",
    ],
  ])("%s are refused", (_what, call, message) => {
    expect(call).toThrow(message);
  });
});
