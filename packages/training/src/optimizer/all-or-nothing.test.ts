/** @file A step that fails leaves model, optimizer state and count as they were. */
import { flattenState, grad, Module, Param, state } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { adam, chain, Optimizer, type Schedule, scaleByAdam, scaleByLearningRate, sgd } from "../index.ts";

/** Throws from the second write on, before or after it stores. */
class Stubborn extends Param<tf.Tensor> {
  override setValue(next: tf.Tensor): void {
    const { mode } = this.metadata;
    if (mode === "before") throw new Error("not this one");
    this.setRawValue(next);
    this.setMetadata({ writes: 1 });
    if (mode === "after") throw new Error("not this one");
  }
}

class Net extends Module {
  readonly a: Param<tf.Tensor> = new Param(tf.tensor1d([1, 2]));
  readonly b: Stubborn = new Stubborn(tf.tensor1d([3]));
  readonly c: Param<tf.Tensor> = new Param(tf.tensor1d([4]));
}
const loss = (m: Net) => tf.add(tf.add(tf.sum(m.a.value), tf.sum(m.b.value)), tf.sum(m.c.value));
const leavesOf = (model: Net, optimizer: Optimizer) =>
  flattenState(state([model, optimizer])).map(([, leaf]) => leaf);

onEachBackend("a failing step", () => {
  it.each(["before", "after"] as const)("changes nothing when a setValue throws %s it stores", (mode) => {
    const model = new Net();
    const optimizer = new Optimizer(model, adam(0.1));
    optimizer.update(model, grad(loss)(model));
    model.b.setMetadata({ mode });
    const grads = grad(loss)(model);
    const before = leavesOf(model, optimizer);
    const values = () => [model.a, model.b, model.c].map(({ value }) => [...value.dataSync()]);
    const numbers = values();
    const { numTensors } = tf.memory();
    for (const step of [
      () => optimizer.update(model, grads),
      () => tf.tidy(() => optimizer.update(model, grads)),
    ]) {
      expect(step).toThrow("not this one");
      expect(leavesOf(model, optimizer).every((leaf, i) => leaf === before[i])).toBe(true);
      expect(values()).toEqual(numbers);
      expect(tf.memory().numTensors).toBe(numTensors);
    }
    expect(optimizer.step.value).toBe(1);
    model.b.setMetadata({ mode: "never" });
    optimizer.update(model, grads);
    expect(optimizer.step.value).toBe(2);
  });

  it.each<[string, Schedule, string]>([
    ["NaN", (count) => (count === 1 ? Number.NaN : 0.1), "got NaN"],
    ["infinity", (count) => 0.1 / (1 - count), "got Infinity"],
    ["minus infinity", (count) => -0.1 / (1 - count), "got -Infinity"],
    ["a tensor", ((count: number) => (count === 1 ? tf.scalar(0.1) : 0.1)) as Schedule, "got a float32[]"],
    ["nothing", ((count: number) => (count === 1 ? undefined : 0.1)) as Schedule, "got undefined"],
    ["text", ((count: number) => (count === 1 ? "0.1" : 0.1)) as Schedule, 'got "0.1"'],
  ])("names the step in which a schedule gives %s", (_what, schedule, got) => {
    const model = new Net();
    const optimizer = new Optimizer(model, chain(scaleByAdam(), scaleByLearningRate(schedule)));
    const grads = grad(loss)(model);
    optimizer.update(model, grads);
    const before = leavesOf(model, optimizer);
    expect(() => optimizer.update(model, grads)).toThrow(RangeError);
    expect(() => optimizer.update(model, grads)).toThrow(
      `scaleByLearningRate: expected the schedule to return a finite number at step 1, ${got}. Return a plain number`,
    );
    expect(leavesOf(model, optimizer).every((leaf, i) => leaf === before[i])).toBe(true);
  });
});

it("asks a schedule once in each step, from 0 on", () => {
  const asked: number[] = [];
  const model = new Net();
  const optimizer = new Optimizer(
    model,
    sgd((count) => {
      asked.push(count);
      return 0.1;
    }),
  );
  for (let i = 0; i < 3; i++) optimizer.update(model, grad(loss)(model));
  expect(asked).toEqual([0, 1, 2]);
});
