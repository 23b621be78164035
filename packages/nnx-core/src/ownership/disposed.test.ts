/** @file What was disposed and is used again: errors that say so, and models that stay as they were. */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { expect, it } from "vitest";
import { dispose } from "../dispose.ts";
import { DisposedError } from "../errors.ts";
import { map } from "../graph/map.ts";
import { merge } from "../graph/merge.ts";
import { split } from "../graph/split.ts";
import { update } from "../graph/update.ts";
import { Module } from "../module/module.ts";
import { Param } from "../variable/variable-types.ts";
import { holdersOf } from "./holders.ts";

class Pair extends Module {
  readonly a: Param<tf.Tensor> = new Param(tf.ones([2]));
  readonly b: Param<tf.Tensor> = new Param(tf.ones([2]));
}

it("merge and update refuse values that were disposed, and hold nothing then", async () => {
  await tf.setBackend("cpu");
  const [definition, values] = split(new Pair());
  const { value } = values.a;
  values.b.value.dispose();
  const holders = holdersOf(value);
  expect(() => merge(definition, values)).toThrow(DisposedError);
  expect(holdersOf(value)).toBe(holders);

  const model = new Pair();
  const { value: before } = model.a;
  expect(() => update(model, values)).toThrow(
    "update at b: expected a value of live tensors, got one that was disposed",
  );
  expect(() => update(model, { a: tf.zeros([2]), c: { d: values.b.value } })).toThrow(
    "update at c.d: expected a value of live tensors",
  );
  expect(model.a.value).toBe(before);
  expect(before.isDisposed).toBe(false);
});

it("a Variable refuses a disposed value and keeps its own", () => {
  const gone = tf.ones([2]);
  gone.dispose();
  const variable = new Param<unknown>(tf.zeros([2]));
  const { value: before } = variable;
  const fresh = tf.ones([2]);
  expect(() => {
    variable.value = [fresh, gone];
  }).toThrow("Variable: expected a value of live tensors, got a float32[2] that was disposed");
  expect(variable.value).toBe(before);
  expect(holdersOf(fresh)).toBe(0);
  expect(() => new Param(gone)).toThrow(DisposedError);
});

it("map lets go of what it held when its function throws", () => {
  const model = new Pair();
  const { numTensors } = tf.memory();
  expect(() =>
    map(() => {
      throw new Error("mine");
    }, model),
  ).toThrow("mine");
  dispose(model);
  expect(tf.memory().numTensors).toBe(numTensors - 2);
});
