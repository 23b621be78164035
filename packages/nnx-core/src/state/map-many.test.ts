/** @file Mapping over several States side by side. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  BatchStat,
  flattenState,
  grad,
  isVariableState,
  leafValue,
  mapState,
  mapValues,
  Module,
  Param,
  state,
  StructureError,
  update,
  updateState,
  Variable,
} from "../index.ts";

class Layer extends Module {
  readonly kernel = new Param<tf.Tensor>(tf.tensor([1, 2]));
  readonly mean = new BatchStat<tf.Tensor>(tf.tensor([5]));
}
class Net extends Module {
  readonly layers = [new Layer(), new Layer()];
  readonly bias = new Param<tf.Tensor>(tf.tensor([3]));
}
const numbers = (x: unknown): number[] => [...(x as tf.Tensor).dataSync()];

describe("mapValues of several States", () => {
  it("makes gradient descent one line", () => {
    const model = new Net();
    const grads = grad((m: Net) =>
      tf.add(tf.sum(tf.square(m.bias.value)), tf.sum(m.layers[1]!.kernel.value)),
    )(model);
    update(
      model,
      mapValues((p: tf.Tensor, g: tf.Tensor) => tf.sub(p, tf.mul(g, 0.5)), state(model, Param), grads),
    );
    expect(numbers(model.bias.value)).toEqual([0]);
    expect(numbers(model.layers[0]!.kernel.value)).toEqual([1, 2]);
    expect(numbers(model.layers[1]!.kernel.value)).toEqual([0.5, 1.5]);
  });

  it("gives the values in order and the path last, and keeps types of the first", () => {
    const model = new Net();
    const params = state(model, Param);
    const seen: string[] = [];
    const sum = mapValues(
      (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor, path: readonly unknown[]) => {
        seen.push(path.join("."));
        return tf.addN([a, b, c]);
      },
      params,
      params,
      params,
    );
    expect(seen).toEqual(["bias", "layers.0.kernel", "layers.1.kernel"]);
    const leaves = flattenState(sum);
    expect(leaves.every(([, leaf]) => isVariableState(leaf) && leaf.type === Param)).toBe(true);
    expect(leaves.map(([, leaf]) => numbers(leafValue(leaf)))).toEqual([[9], [3, 6], [3, 6]]);
  });

  it("takes States of Variables, which are leaves", () => {
    const variable = new Variable(tf.tensor([2]));
    const product = mapValues((a: tf.Tensor, b: tf.Tensor) => tf.mul(a, b), state(variable), state(variable));
    update(variable, product);
    expect(numbers(variable.value)).toEqual([4]);
  });

  it("leaves as many tensors as the new State holds", () => {
    const model = new Net();
    const params = state(model, Param);
    const before = tf.memory().numTensors;
    const sum = mapValues((a: tf.Tensor, b: tf.Tensor) => tf.add(a, b), params, params);
    expect(tf.memory().numTensors).toBe(before + 3);
    sum[Symbol.dispose]();
    expect(tf.memory().numTensors).toBe(before);
  });
});

it("mapState gives the leaves of all, and keeps subtrees that stay", () => {
  const params = state(new Net(), Param);
  const other = updateState(params, (draft) => {
    draft.bias = { ...draft.bias, value: tf.tensor([7]) } as typeof draft.bias;
  });
  const mixed = mapState((path, a, b) => (path[0] === "bias" ? b : a), params, other);
  expect(numbers(leafValue(mixed.bias as never))).toEqual([7]);
  expect(mixed.layers).toBe(params.layers);
});

describe("States that differ", () => {
  const model = new Net();
  const params = state(model, Param);
  it.each<[string, () => unknown, string]>([
    ["a path more in the first", () => [state(model), params], "layers.0.mean"],
    ["a path more in another", () => [params, params, state(model)], "layers.0.mean"],
    ["a leaf against a subtree", () => [params, state({ layers: model.bias, bias: model.bias })], "layers"],
    ["a subtree against a leaf", () => [state({ layers: model.bias, bias: model.bias }), params], "layers"],
    ["a leaf against a State", () => [state(model.bias), params], "(root)"],
  ])("are refused by name, and nothing is called: %s", (_what, make, path) => {
    let calls = 0;
    const run = (): unknown =>
      mapValues(
        () => {
          calls++;
          return tf.scalar(0);
        },
        ...(make() as [typeof params, typeof params]),
      );
    expect(run).toThrow(StructureError);
    expect(run).toThrow(/mapValues at .*: expected States with the same paths, got .* and /);
    if (path !== "(root)") expect(run).toThrow(`mapValues at ${path}:`);
    expect(calls).toBe(0);
  });

  it("refuses what is no State, whichever it is", () => {
    expect(() => mapValues((a: never) => a, params, 3 as never)).toThrow(/mapValues: expected/);
    expect(() => mapState((_, a) => a, 3 as never, params)).toThrow(/mapState: expected/);
    expect(() => mapValues(params as never, params, params)).toThrow(/Call mapValues\(f, state, other\)/);
  });
});
