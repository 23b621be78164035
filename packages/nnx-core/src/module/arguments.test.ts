import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { DisposedError, NnxError } from "../errors.ts";
import { Module } from "./module.ts";
import { checkModule, checkTensor } from "../graph/arguments.ts";

it("takes live tensors and modules", () => {
  const x = tf.ones([2]);
  expect(() => checkTensor("f", "x", x)).not.toThrow();
  expect(() => checkModule("f", new (class extends Module {})())).not.toThrow();
  x.dispose();
});

it("names a disposed tensor as such", () => {
  const x = tf.ones([2, 3]);
  x.dispose();
  expect(() => checkTensor("Linear.forward", "x", x)).toThrow(DisposedError);
  expect(() => checkTensor("Linear.forward", "x", x)).toThrow(
    "Linear.forward: expected x to be a live tensor, got a disposed float32[2,3].",
  );
});

it.each([[undefined], [1], [[1, 2]], [{ shape: [2], dtype: "float32" }]])("refuses %s", (value) => {
  expect(() => checkTensor("f", "x", value)).toThrow(NnxError);
  expect(() => checkModule("f", value)).toThrow(/^f: expected a module, got /);
});
