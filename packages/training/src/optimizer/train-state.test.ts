/** @file A training run as a sequence of values. */
import {
  BatchStat,
  dispose,
  flattenState,
  grad,
  merge,
  Module,
  Param,
  split,
  state,
  StructureError,
  tidy,
} from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { adam, chain, lbfgs, Optimizer, polyakSgd, sgd, snapshot, TrainState } from "../index.ts";

class Net extends Module {
  readonly w = new Param<tf.Tensor>(tf.tensor([3, -2]));
  readonly parts = [new Param<tf.Tensor>(tf.tensor([1]))];
  readonly stat = new BatchStat<tf.Tensor>(tf.tensor([7]));
  forward(x: tf.Tensor): tf.Tensor {
    this.stat.value = tf.add(this.stat.value, 1);
    return tf.add(tf.mul(this.w.value, x), this.parts[0]!.value);
  }
}
const lossOf = (m: Net): tf.Tensor => tf.sum(tf.square(m.forward(tf.tensor([1, 2]))));
const numbers = (x: tf.Tensor): number[] => [...x.dataSync()];
const start = () => {
  const model = new Net();
  const [graphdef, params, stats] = split(model, Param, BatchStat);
  return { model, graphdef, params, stats };
};

onEachBackend("TrainState", () => {
  it("takes the steps of an Optimizer, and leaves earlier values as they were", () => {
    const { model, graphdef, params, stats } = start();
    const optimizer = new Optimizer(model, adam(0.1));
    const first = TrainState.create(graphdef, { params, tx: adam(0.1), others: { stats } });
    let train = first;
    for (let i = 0; i < 3; i++) {
      tf.tidy(() => optimizer.update(model, grad(lossOf)(model)));
      train = tidy(() => {
        const grads = grad(lossOf)(merge(train.graphdef, train.params, stats));
        return train.applyGradients(grads);
      });
    }
    expect(train.step.value).toBe(3);
    expect(first.step.value).toBe(0);
    expect(train.tx).toBe(first.tx);
    const after = merge(graphdef, train.params, stats);
    expect(numbers(after.w.value)).toEqual(numbers(model.w.value));
    expect(numbers(after.parts[0]!.value)).toEqual(numbers(model.parts[0]!.value));
    expect(numbers(merge(graphdef, first.params, stats).w.value)).toEqual([3, -2]);
    expect(flattenState(state(train.optState as object)).map(([path]) => path.join("."))).toEqual(
      flattenState(state(optimizer.optState as object)).map(([path]) => path.join(".")),
    );
  });

  it("leaves nothing behind when what is no longer needed is disposed", () => {
    const { graphdef, params, stats } = start();
    const grads = { w: tf.tensor([1, 1]), parts: [tf.tensor([1])] };
    let train = TrainState.create(graphdef, { params, tx: sgd(0.1, { momentum: 0.9 }) });
    let before = 0;
    for (let i = 0; i < 4; i++) {
      const next = train.applyGradients(grads);
      dispose(train);
      train = next;
      if (i === 0) before = tf.memory().numTensors;
    }
    expect(tf.memory().numTensors).toBe(before);
    dispose(stats);
  });
});

it("calls methods of the model that its States make", () => {
  const { graphdef, params, stats } = start();
  const train = TrainState.create(graphdef, { params, tx: sgd(1), others: { stats } });
  const [y, [, after]] = train.apply("params", "stats").forward(tf.tensor([2, 2]));
  expect(numbers(y)).toEqual([7, -3]);
  expect(numbers((after as unknown as { stat: { value: tf.Tensor } }).stat.value)).toEqual([8]);
  expect(numbers(train.apply("params", stats).forward(tf.tensor([0, 0]))[0])).toEqual([1, 1]);
  expect(() => train.apply("state")).toThrow(
    'TrainState.apply: expected the name of a State among {params, stats}, got "state".',
  );
});

it("takes further States with a step, a count to begin with, and extra arguments", () => {
  const { graphdef, params, stats } = start();
  const other = state({ stat: new BatchStat(tf.tensor([9])) });
  const train = TrainState.create(graphdef, { params, tx: polyakSgd(), step: 5, others: { stats } });
  const grads = { w: tf.tensor([1, 0]), parts: [tf.tensor([0])] };
  const next = train.applyGradients(grads, { others: { stats: other }, extra: { value: 0.5 } });
  expect(next.step.value).toBe(6);
  expect(next.others.stats).toBe(other);
  expect(train.others.stats).toBe(stats);
  expect(numbers((next.params as unknown as { w: { value: tf.Tensor } }).w.value)).toEqual([2.5, -2]);
});

it("is a part of a model: it is split and merged", () => {
  const { graphdef, params } = start();
  const train = TrainState.create(graphdef, { params, tx: adam(0.1) });
  const again = merge(...split(train));
  expect(again).toBeInstanceOf(TrainState);
  const grads = { w: tf.tensor([1, 1]), parts: [tf.tensor([1])] };
  const [a, b] = [train, again].map((each) => flattenState(each.applyGradients(grads).params));
  expect(a!.map(([, leaf]) => numbers((leaf as { value: tf.Tensor }).value))).toEqual(
    b!.map(([, leaf]) => numbers((leaf as { value: tf.Tensor }).value)),
  );
});

it.each<[string, () => unknown, string | RegExp]>([
  [
    "no transformation",
    () => TrainState.create(start().graphdef, { params: start().params, tx: 3 as never }),
    "TrainState.create: expected gradient transformations, got 3.",
  ],
  [
    "no State",
    () => TrainState.create(start().graphdef, { params: { w: 1 } as never, tx: sgd(1) }),
    /TrainState.create: expected params to be a State, got an object/,
  ],
  [
    "another that is no State",
    () =>
      TrainState.create(start().graphdef, { params: start().params, tx: sgd(1), others: { x: 1 as never } }),
    /expected x to be a State, got 1/,
  ],
  [
    "a misspelt field",
    () => TrainState.create(start().graphdef, { parms: start().params, tx: sgd(1) } as never),
    /Did you mean params\?/,
  ],
  [
    "missing gradients",
    () => TrainState.create(start().graphdef, { params: start().params, tx: sgd(1) }).applyGradients({}),
    /TrainState.applyGradients at parts.0: expected a gradient like a float32\[1\]/,
  ],
  [
    "a state of another structure",
    () =>
      TrainState.create(start().graphdef, { params: start().params, tx: growing() }).applyGradients({
        w: tf.ones([2]),
        parts: [tf.ones([1])],
      }),
    /optState/,
  ],
  [
    "a line search without its loss",
    () =>
      TrainState.create(start().graphdef, { params: start().params, tx: lbfgs() }).applyGradients({
        w: tf.ones([2]),
        parts: [tf.ones([1])],
      }),
    /expected the extra arguments value, grad and valueFn, got none for value, valueFn/,
  ],
])("refuses %s", (_what, make, message) => {
  expect(make).toThrow(message);
});

function growing() {
  let calls = 0;
  return chain(snapshot("n", () => (calls++ > 0 ? [1, 2] : [1])));
}

it("refuses parameters that are no float32 tensors", () => {
  const model = { n: new Param(3) };
  const [graphdef, params] = split(model);
  expect(() => TrainState.create(graphdef, { params, tx: sgd(1) })).toThrow(StructureError);
});
