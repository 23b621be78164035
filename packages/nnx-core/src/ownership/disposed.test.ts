/**
 * @file What was disposed and is used again: errors that say so, and models that stay as they were.
 */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { expect, it } from "vitest";
import {
  capture,
  clone,
  dispose,
  DisposedError,
  grad,
  Intermediate,
  map,
  merge,
  Module,
  Param,
  pathContains,
  split,
  state,
  update,
} from "../index.ts";
import { holdersOf } from "./lease.ts";

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

it("names the path of a disposed value where a State is taken", () => {
  const model = { first: new Pair(), second: new Pair() };
  model.second.b.value.dispose();
  const { numTensors } = tf.memory();
  const message =
    "State at second.b: expected a value of live tensors, got one that was disposed. Dispose tensors";
  for (const take of [
    () => state(model),
    () => split(model, pathContains("first"), true),
    () => clone(model),
  ]) {
    expect(take).toThrow(DisposedError);
    expect(take).toThrow(message);
  }
  expect(holdersOf(model.first.a.value)).toBe(1);
  expect(tf.memory().numTensors).toBe(numTensors);
  dispose(model);
});

it("merge names the path of a disposed value", () => {
  const [definition, values] = split({ m: new Pair() });
  values.m.b.value.dispose();
  expect(() => merge(definition, values)).toThrow(
    "merge at m.b: expected a value of live tensors, got one that was disposed",
  );
  dispose(values);
});

it.each(["cpu", "wasm"])("says so where a disposed value is read or used, on %s", async (backend) => {
  await tf.setBackend(backend);
  const model = new Pair();
  const { value } = model.a;
  value.dispose();
  expect(() => model.a.value).toThrow(
    /^Param\.value: expected a live tensor, got a disposed float32\[2\]\. .*nnx\.keep/,
  );
  const plain = tf.ones([2]);
  plain.dispose();
  const uses: readonly (() => unknown)[] = [
    () => tf.add(value, 1),
    () => tf.reshape(value, [1, 2]),
    () => tf.concat([plain, tf.ones([2])]),
    () => tf.cast(plain, "int32"),
    () => value.dataSync(),
    () => value.toString(),
    () => grad((m: Pair) => tf.sum(m.a.value))(model),
  ];
  for (const use of uses) {
    expect(use).toThrow(DisposedError);
    expect(use).toThrow(/expected (a )?live tensors?\b.*disposed.*nnx\.keep/);
  }
  // It may still be replaced, disposed again, and looked at.
  value.dispose();
  expect([value.isDisposed, value.shape, value.dtype]).toEqual([true, [2], "float32"]);
  model.a.value = tf.zeros([2]);
  expect(state(model).a.value.isDisposed).toBe(false);
  dispose(model);
  await tf.setBackend("cpu");
});

it("a tensor that was assigned over a Variable is named where a run trips over it", () => {
  class Outer extends Module {
    readonly inner = new Pair();
    forward(x: tf.Tensor): tf.Tensor {
      return tf.mul(x, this.inner.a.value);
    }
  }
  const model = new Outer();
  const { numTensors } = tf.memory();
  Reflect.set(model.inner, "a", tf.zeros([2]));
  const advice =
    "inner.a is a tensor without a Variable around it, which has no value. If it was assigned over a Variable, write model.inner.a.value = tensor.";
  const x = tf.ones([2]);
  expect(() => grad((m: Outer) => tf.sum(m.forward(x)))(model)).toThrow(advice);
  expect(() => capture(model, Intermediate)(x)).toThrow(advice);
  expect(tf.memory().numTensors).toBe(numTensors + 2);
});
