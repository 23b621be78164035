import "@tensorflow/tfjs-backend-cpu";
import { Dropout, Linear, random, Rngs } from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { checkKeyReuse, KeyReuseError, trackKeys } from "../index.ts";

const drawTwice = (): readonly tf.Tensor[] => {
  const key = random.key(3);
  return [random.normal(key, [2]), random.uniform(key, [2])];
};

it("names both places of a key that is used twice", () => {
  let error: unknown;
  try {
    checkKeyReuse(drawTwice);
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(KeyReuseError);
  const { first, second } = error as KeyReuseError;
  expect([first.by, second.by]).toEqual(["normal", "uniform"]);
  expect(first.at).toMatch(/reuse\.test\.ts:\d+:\d+$/);
  expect(second.at).toMatch(/reuse\.test\.ts:\d+:\d+$/);
  expect(first.at).not.toBe(second.at);
  expect(String(error)).toContain("key<fry>[] [0, 3]");
});

it("knows a key by its words, whatever made it", () => {
  expect(() =>
    checkKeyReuse(() => [random.bits(random.key(1), [2]), random.bits(random.key(2), [2])]),
  ).not.toThrow();
  expect(() => checkKeyReuse(() => [new Rngs(5).normal([2]), new Rngs(5).uniform([2])])).toThrow(
    KeyReuseError,
  );
});

it.each([
  ["split and draw", (key: random.PRNGKey) => [random.split(key), random.normal(key, [2])]],
  ["draw and split", (key: random.PRNGKey) => [random.normal(key, [2]), random.split(key)]],
  ["split twice", (key: random.PRNGKey) => [random.split(key), random.split(key, 3)]],
  [
    "one of an array",
    (key: random.PRNGKey) => {
      const keys = random.split(key, 3);
      return [random.normal(keys, [2]), random.uniform(keys.at(1), [2])];
    },
  ],
  ["permute twice", (key: random.PRNGKey) => [random.permutation(key, 5), random.permutation(key, 5)]],
])("refuses: %s", (_, f) => {
  expect(() => checkKeyReuse(() => f(random.key(0)))).toThrow(KeyReuseError);
});

it.each([
  ["folds", (key: random.PRNGKey) => [0, 1].map((i) => random.normal(random.foldIn(key, i), [2]))],
  ["clones", (key: random.PRNGKey) => [0, 1].map(() => random.normal(random.clone(key), [2]))],
  [
    "samplers that split",
    (key: random.PRNGKey) => [random.gamma(key, 2, [3]), random.normal(random.foldIn(key, 1), [1])],
  ],
  ["permutations", (key: random.PRNGKey) => random.permutation(key, 5)],
  ["reading", (key: random.PRNGKey) => [random.keyData(key), String(key), random.normal(key, [1])]],
])("lets pass: %s", (_, f) => {
  expect(() => checkKeyReuse(() => f(random.key(0)))).not.toThrow();
});

it("sees the draws of layers, and not those outside", () => {
  const rngs = new Rngs({ params: 0, dropout: 1 });
  const [layers, made] = trackKeys(() => [new Linear(2, 3, { rngs }), new Dropout(0.5, { rngs })] as const);
  expect(made.map(({ by }) => by)).toEqual(["initializers.lecunNormal"]);
  const [, uses] = trackKeys(() => layers[1].forward(tf.ones([4])));
  expect(uses.map(({ by }) => by)).toEqual(["bernoulli"]);
  layers[1].forward(tf.ones([4]));
  expect(uses.length).toBe(1);
});

it("goes on after an error, and refuses promises", () => {
  expect(() => checkKeyReuse(() => drawTwice())).toThrow(KeyReuseError);
  expect(() => drawTwice()).not.toThrow();
  expect(() => trackKeys(async () => 1)).toThrow(/not async/);
  expect(() => checkKeyReuse(3 as unknown as () => void)).toThrow(/checkKeyReuse: expected/);
});
