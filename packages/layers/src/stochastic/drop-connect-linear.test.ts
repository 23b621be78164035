import {
  capture,
  dispose,
  flattenState,
  grad,
  Intermediate,
  isVariableState,
  merge,
  split,
} from "@nnxjs/nnx-core";
import { initializers, random, Rngs, type RngStream } from "@nnxjs/rnglib";
import { keyData } from "@nnxjs/rnglib/keys";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { DropConnectLinear, type DropConnectLinearOptions, Linear, MissingRngError } from "../index.ts";

/**
 * Kernel [[1,2,3],[4,5,6]], bias [10,20,30]. The expected numbers come from runs of probly's layer
 * with JAX 0.10.2.
 */
const base = (): Linear => {
  const layer = new Linear(2, 3, { rngs: new Rngs(0), kernelInit: initializers.zeros });
  layer.kernel.value = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
  layer.bias!.value = tf.tensor1d([10, 20, 30]);
  return layer;
};
const make = (options: DropConnectLinearOptions = {}, rate = 0.25) =>
  new DropConnectLinear(base(), rate, { rngs: new Rngs(0), ...options });
const x = () => tf.ones([1, 2]);
const run = (layer: DropConnectLinear, options = {}) => [...layer.forward(x(), options).dataSync()];

describe("DropConnectLinear", () => {
  it("shares kernel and bias with its base layer and takes its attributes", () => {
    const linear = new Linear(3, 4, { rngs: new Rngs(0, { params: 1 }) });
    const rngs = new Rngs(0, { params: 1, dropconnect: 2 });
    const layer = new DropConnectLinear(linear, undefined, { rngs });
    expect(layer.kernel).toBe(linear.kernel);
    expect(layer.bias).toBe(linear.bias);
    for (const name of [
      "inFeatures",
      "outFeatures",
      "useBias",
      "dtype",
      "paramDtype",
      "precision",
      "dotGeneral",
      "promoteDtype",
      "preferredElementType",
      "kernelInit",
      "biasInit",
    ] as const) {
      expect(layer[name]).toBe(linear[name]);
    }
    expect(layer).toMatchObject({ rate: 0.25, deterministic: false, rngCollection: "dropconnect" });
    expect(layer.rngs!.tag).toBe("dropconnect");
    expect(
      layer.rngs!.key.value.equals(new Rngs(0, { dropconnect: 2 }).stream("dropconnect").fork().key.value),
    ).toBe(true);
  });

  it("reproduces the reference layer's keys and outputs with its scaling", () => {
    const rngs = new Rngs(0);
    const layer = new DropConnectLinear(base(), 0.25, { rngs, scaling: "inference" });
    expect([...keyData(layer.rngs!.key.value)]).toEqual([1797259609, 2579123966]);
    expect(layer.rngs!.tag).toBe("default");
    expect(rngs.stream().count.value).toBe(1);
    expect([run(layer), run(layer), run(layer), run(layer)]).toEqual([
      [11, 25, 39],
      [11, 27, 39],
      [15, 22, 33],
      [15, 25, 39],
    ]);
    expect(run(layer, { deterministic: true })).toEqual([13.75, 25.25, 36.75]);
    expect(layer.rngs!.count.value).toBe(4);
    expect(run(layer, { rngs: random.key(0) })).toEqual([14, 25, 39]);
    expect(run(layer, { rngs: random.key(42) })).toEqual([15, 27, 39]);
    expect(run(layer, { rngs: new Rngs(7) })).toEqual([14, 22, 39]);
    expect(run(layer, { rngs: new Rngs(0, { dropconnect: 7 }) })).toEqual([14, 22, 39]);
  });

  it("scales what it keeps by 1 / (1 - rate), and not the bias", () => {
    const kept = (sum: number) => Math.fround(sum * Math.fround(1 / 0.75));
    const [a, b, c] = run(make());
    expect(a).toBeCloseTo(10 + kept(1), 5);
    expect(b).toBeCloseTo(20 + kept(5), 5);
    expect(c).toBeCloseTo(30 + kept(9), 5);
  });

  it("is exactly the base layer when deterministic, needs no stream and draws no key", () => {
    const linear = new Linear(20, 30, { rngs: new Rngs(3) });
    const input = random.normal(random.key(1), [5, 20]);
    const expected = [...linear.forward(input).dataSync()];
    const layer = new DropConnectLinear(linear, 0.5);
    expect([...layer.forward(input, { deterministic: true }).dataSync()]).toEqual(expected);
    layer.eval();
    expect([...layer.forward(input).dataSync()]).toEqual(expected);
    layer.train();
    expect(() => layer.forward(input)).toThrow(MissingRngError);
    expect(layer.setMode({ deterministic: true, other: 1 })).toEqual({ other: 1 });
    expect([...layer.forward(input).dataSync()]).toEqual(expected);
    expect([...layer.forward(input, { deterministic: false, rngs: random.key(0) }).dataSync()]).not.toEqual(
      expected,
    );
  });

  it("masks as bernoulli of the call's key, one mask for the whole batch", () => {
    const linear = new Linear(40, 50, { rngs: new Rngs(3) });
    const layer = new DropConnectLinear(linear, 0.25);
    const key = random.key(11);
    const mask = random.bernoulli(key, 0.75, [40, 50]);
    const kernel = tf.where(
      mask,
      tf.div(linear.kernel.value, 0.75),
      tf.zerosLike(linear.kernel.value),
    ) as tf.Tensor2D;
    const input = random.normal(random.key(1), [3, 40]) as tf.Tensor2D;
    const expected = tf.matMul(input, kernel).dataSync();
    const found = layer.forward(input, { rngs: key }).dataSync();
    for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i] as number, 5);
  });

  it("has gradient 0 at dropped weights, and the reference's elsewhere", () => {
    const layer = make({ scaling: "inference" });
    const grads = grad((m: DropConnectLinear) => tf.sum(tf.square(m.forward(x(), { rngs: random.key(0) }))))(
      layer,
    );
    const byPath = Object.fromEntries(
      flattenState(grads).map(([path, leaf]) => [
        path.join("."),
        isVariableState(leaf) ? [...(leaf.value as tf.Tensor).dataSync()] : [],
      ]),
    );
    expect(byPath).toEqual({ kernel: [0, 0, 78, 28, 50, 78], bias: [28, 50, 78] });
  });

  it("drops nothing at rate 0 and everything but the bias at rate 1, without a key", () => {
    expect(run(make({ rngs: null }, 0))).toEqual([15, 27, 39]);
    expect(run(make({ rngs: null }, 1))).toEqual([10, 20, 30]);
  });

  it("comes back from split and merge with its stream", () => {
    const layer = make();
    const [graphdef, all] = split(layer);
    expect(flattenState(all).map(([path]) => path.join("."))).toEqual([
      "bias",
      "kernel",
      "rngs.count",
      "rngs.key",
    ]);
    const again = merge(graphdef, all);
    expect([run(again), run(again)]).toEqual([run(layer), run(layer)]);
  });

  it("leaves no tensor behind, not even in its variant with a mask per example", () => {
    for (const masks of ["batch", "example"] as const) {
      const layer = make({ masks });
      const input = x();
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        const [, seen] = capture(layer, Intermediate, { methodOutputs: Intermediate })(input);
        const grads = grad((m: DropConnectLinear) => tf.sum(m.forward(input)))(layer);
        expect(flattenState(seen).map(([path]) => path.join("."))).toContain("forward");
        dispose([seen, grads]);
      });
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  it.each([
    [
      "a rate above 1",
      () => make({}, 2),
      RangeError,
      /DropConnectLinear: expected a rate between 0 and 1, got 2/,
    ],
    ["a rate that is no number", () => make({}, Number.NaN), RangeError, /got NaN/],
    [
      "another kind of masks",
      () => make({ masks: "row" as "example" }),
      TypeError,
      /DropConnectLinear: expected masks to be "batch" or "example", got "row"/,
    ],
    [
      "another scaling",
      () => make({ scaling: "none" as "inference" }),
      TypeError,
      /expected scaling to be "training" or "inference", got "none"/,
    ],
    [
      "more keys than rows",
      () => make().forward(x(), { rngs: random.split(random.key(0), 3) }),
      Error,
      /expected an input of shape \[3, \.\.\.\] for keys of shape \[3\], one mask each, got a float32\[1,2\]/,
    ],
    [
      "a string for rngs",
      () => make({ rngs: "test" as unknown as Rngs }),
      TypeError,
      /expected rngs to be Rngs, an RngStream or null, got "test"/,
    ],
    [
      "a string for the call's rngs",
      () => make().forward(x(), { rngs: "test" as unknown as RngStream }),
      TypeError,
      /rngs to be Rngs, an RngStream, a key or null, got "test"/,
    ],
    [
      "a mask without a stream",
      () => make({ rngs: null }).forward(x()),
      MissingRngError,
      /DropConnectLinear\.forward: expected an RNG stream/,
    ],
    [
      "Rngs without the stream",
      () => make({ rngs: new Rngs({ params: 0 }) }),
      Error,
      /Rngs\.stream: expected one of \{params\}, got "dropconnect"/,
    ],
    [
      "an input of another width",
      () => make().forward(tf.ones([1, 3])),
      Error,
      /DropConnectLinear\.forward: expected an input of shape \[\.\.\., 2\]/,
    ],
  ])("refuses %s", (_name, call, type, message) => {
    expect(call).toThrow(type);
    expect(call).toThrow(message);
  });
});
