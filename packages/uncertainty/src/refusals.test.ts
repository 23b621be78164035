import * as layers from "@nnxjs/layers";
import { random, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import type { LayerUnderTest } from "../../layers/test/layer-table.ts";
import {
  expectRefusesDisposed,
  expectRefusesOtherShapes,
  expectRefusesOthers,
} from "../../layers/test/refusals.ts";
import { BatchEnsembleLinear } from "./ensemble/batch-ensemble-linear.ts";
import { DropoutLinear } from "./transform/dropout-linear.ts";

const linear = () => new layers.Linear(3, 2, { rngs: new Rngs(0) });
const nextKey = () => random.key(1);
const table: [string, () => LayerUnderTest][] = [
  ["BatchEnsembleLinear", () => new BatchEnsembleLinear(linear(), 2, { nextKey })],
  ["DropoutLinear", () => new DropoutLinear(linear(), 0.5, { rngs: new Rngs(0) })],
];

it.each(table)("%s refuses parameters of other shapes and what is no live tensor", (name, make) => {
  expectRefusesOtherShapes(make, tf.ones([4, 3]));
  expectRefusesDisposed(make(), tf.ones([4, 3]));
  expectRefusesOthers(make());
  // The refusal must come before dropout draws a key.
  const layer = make();
  expect(() => layer.forward(tf.ones([4, 5]))).toThrow(new RegExp(`^${name}\\.forward: expected an input`));
  if (layer instanceof DropoutLinear) expect(layer.dropout.rngs?.count.value).toBe(0);
});

it("BatchEnsembleLinear and DropoutLinear refuse unknown options", () => {
  const wrong = { nextKey, standard: 1 };
  expect(() => new BatchEnsembleLinear(linear(), 2, wrong)).toThrow(
    /^BatchEnsembleLinear: expected options among .* got "standard"/,
  );
  expect(() => new BatchEnsembleLinear(linear(), 2, undefined as never)).toThrow(/expected \{ nextKey \}/);
  const typo: object = { broadcastDim: [0] };
  expect(() => new DropoutLinear(linear(), 0.5, typo)).toThrow(/Did you mean broadcastDims/);
});

it("BatchEnsembleLinear leaves nothing behind when a key is missing", () => {
  const base = linear();
  let calls = 0;
  const one = () => {
    if (calls++ > 0) throw new Error("no key");
    return random.key(0);
  };
  const before = tf.memory().numTensors;
  expect(() => new BatchEnsembleLinear(base, 2, { nextKey: one })).toThrow("no key");
  expect(tf.memory().numTensors).toBe(before);
});
