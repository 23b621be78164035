import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  capture,
  captureGradients,
  dispose,
  flattenState,
  grad,
  Intermediate,
  Param,
  type State,
  valueAndGrad,
  valuesAt,
  type VariableState,
  vmap,
} from "../index.ts";
import { loss, Net } from "../../test/sowing-net.ts";

describe("vmap", () => {
  const values = (s: State, path: string) => [
    ...(flattenState(s).find(([p]) => p.join(".") === path)![1] as VariableState<tf.Tensor>).value.dataSync(),
  ];

  it("gives the gradient of each example", () => {
    const net = new Net((y) => tf.square(y));
    const perExample = vmap((m: Net, x: tf.Tensor) => grad(loss)(m, x), { inAxes: [null, 0] });
    const grads = perExample(net, tf.tensor1d([1, 2, 3]));
    expect(values(grads as State, "first.w")).toEqual([2, 8, 18]);
  });

  it("stacks captures, results and containers, along the axes asked for", () => {
    const net = new Net((y) => tf.square(y));
    const [y, seen] = vmap((x: tf.Tensor) => capture(net, Intermediate)(x), { inAxes: 1, outAxes: 1 })(
      tf.tensor2d([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    );
    expect(y.shape).toEqual([2, 3]);
    expect([...y.dataSync()]).toEqual([1, 4, 9, 16, 25, 36]);
    expect(flattenState(seen).map(([path]) => path.join("."))).toEqual(["blocks.0.y", "first.y"]);
  });

  it("leaves only its result behind", () => {
    const net = new Net((y) => tf.square(y));
    const x = tf.tensor1d([1, 2, 3]);
    const before = tf.memory().numTensors;
    dispose(vmap((m: Net, a: tf.Tensor) => grad(loss)(m, a), { inAxes: [null, 0] })(net, x));
    expect(tf.memory().numTensors).toBe(before);
  });

  it("stacks Variables, and leaves those of the model alone", () => {
    const scale = new Param<tf.Tensor>(tf.ones([2]), { tag: "scale" });
    const x = tf.tensor2d([
      [1, 2],
      [3, 4],
    ]);
    const before = tf.memory().numTensors;
    const perExample = vmap(
      (v: Param<tf.Tensor>, example: tf.Tensor) =>
        grad((w: Param<tf.Tensor>) => tf.sum(tf.mul(w.value, example)))(v),
      { inAxes: [null, 0] },
    );
    const grads = perExample(scale, x);
    expect(grads).toBeInstanceOf(Param);
    expect(grads.metadata).toEqual({ tag: "scale" });
    expect(grads.value.arraySync()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    const both = vmap((v: Param<tf.Tensor>, example: tf.Tensor) => [v, v.copy(example)], {
      inAxes: [null, 0],
    })(scale, x);
    expect(both[0]).toBe(scale);
    expect(scale.value.shape).toEqual([2]);
    expect((both[1] as Param<tf.Tensor>).value.shape).toEqual([2, 2]);
    expect(scale.isDisposed).toBe(false);
    dispose([grads, both[1]]);
    expect(tf.memory().numTensors).toBe(before);
    const failing = vmap((example: tf.Tensor) => {
      if (example.dataSync()[0] === 3) throw new Error("in the second slice");
      return new Param(tf.square(example));
    });
    expect(() => failing(x)).toThrow("in the second slice");
    expect(tf.memory().numTensors).toBe(before);
  });

  it("takes records apart that mix States with other values, and keeps what is the same for every slice", () => {
    const net = new Net((y) => tf.square(y));
    const x = tf.tensor1d([1, 2, 3]);
    const before = tf.memory().numTensors;
    const results = vmap((example: tf.Tensor) => {
      const [value, grads] = valueAndGrad(loss)(net, example);
      return { loss: value, n: 5, none: undefined, grads, more: new Map([["x", [example]]]) };
    })(x);
    expect([...results.loss.dataSync()]).toEqual([1, 16, 81].map((each) => Math.sqrt(each)));
    expect([results.n, results.none]).toEqual([5, undefined]);
    expect(values(results.grads, "first.w")).toEqual([2, 8, 18]);
    expect(results.more.get("x")?.[0]?.shape).toEqual([3]);
    dispose(results);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("stacks what captureGradients saw", () => {
    const net = new Net((y) => tf.square(y));
    const x = tf.tensor1d([1, 2, 3]);
    const before = tf.memory().numTensors;
    const seen = vmap((m: Net, example: tf.Tensor) => captureGradients(loss)(m, example), {
      inAxes: [null, 0],
    })(net, x);
    expect(seen.aux).toBeUndefined();
    expect(seen.loss.shape).toEqual([3]);
    const [call] = valuesAt(seen.sown, ["first", "y"]);
    expect([...(call?.gradient.dataSync() ?? [])]).toEqual([2, 4, 6]);
    expect(values(seen.gradients, "first.w")).toEqual([2, 8, 18]);
    dispose(seen);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("has types of unknown rank", () => {
    const x = tf.ones<tf.Rank.R2>([3, 2]);
    const sums = vmap((example: tf.Tensor1D) => tf.sum(example) as tf.Scalar)(x);
    expectTypeOf(sums).toEqualTypeOf<tf.Tensor>();
    const parts = vmap((a: { readonly e: tf.Tensor1D }) => [a.e, { n: 1 }] as const)({ e: x });
    expectTypeOf(parts).toEqualTypeOf<readonly [tf.Tensor, { readonly n: 1 }]>();
    const states = vmap((m: Net, e: tf.Tensor) => capture(m, Intermediate)(e), {
      inAxes: [null, 0],
    })(new Net((y) => y), x);
    expectTypeOf(states).toEqualTypeOf<[tf.Tensor, State]>();
    expect([sums.rank, parts[0].rank, states[0].rank]).toEqual([1, 2, 2]);
  });

  it.each([
    [
      "a Promise",
      () => vmap(async (a: tf.Tensor) => a)(tf.ones([2])),
      /vmap: expected the function to return its result, got a Promise/,
    ],
    [
      "a looped axis without slices",
      () => vmap((a: tf.Tensor) => a)(tf.ones([0, 2])),
      /size above 0 .* got 0 in argument 0\./,
    ],
    [
      "axes for other arguments",
      () => vmap((a: tf.Tensor, b: tf.Tensor) => tf.add(a, b), { inAxes: [0] })(tf.ones([2]), tf.ones([2])),
      /expected inAxes to be an axis, null, or one of these for each of 2 arguments, got \[0\]/,
    ],
    [
      "an axis that is not there",
      () => vmap((a: tf.Tensor) => a, { inAxes: -3 })(tf.ones([2, 3])),
      /vmap in argument 0: expected a value with an axis -3, got a float32\[2,3\]/,
    ],
    [
      "results with other keys",
      () => vmap((a: tf.Tensor) => (a.dataSync()[0] === 1 ? { a } : { b: a }))(tf.tensor1d([1, 2])),
      /vmap: expected results of one structure and shape, got an object with keys \{a\} for the first slice/,
    ],
    [
      "results of other shapes",
      () => vmap((a: tf.Tensor) => ({ y: [tf.ones([a.dataSync()[0] as number])] }))(tf.tensor1d([1, 2])),
      /vmap at y\.0: expected .* got a float32\[1\] for the first slice and a float32\[2\] for slice 1/,
    ],
    [
      "numbers that differ",
      () => vmap((a: tf.Tensor) => ({ y: a, first: a.dataSync()[0] }))(tf.tensor1d([1, 2])),
      /vmap at first: expected a value that is no tensor to be the same for every slice, got 1 for the first slice and 2/,
    ],
    [
      "axes of different sizes",
      () => vmap((a: tf.Tensor, b: tf.Tensor) => tf.add(a, b) as tf.Tensor)(tf.ones([2]), tf.ones([3])),
      /one size above 0 along the looped axes, got 2 in argument 0, 3 in argument 1/,
    ],
    [
      "nothing to loop over",
      () => vmap((a: tf.Tensor) => a, { inAxes: null })(tf.ones([2])),
      /looped axes, got none/,
    ],
    [
      "results of different structures",
      () => vmap((a: tf.Tensor) => ((a.dataSync()[0] as number) > 1 ? [a, a] : [a]))(tf.tensor1d([1, 2])),
      /results of one structure and shape, got an array of length 1 for the first slice and an array of length 2 for slice 1/,
    ],
  ])("refuses %s", (_name, run, message) => {
    expect(run).toThrow(message);
  });
});
