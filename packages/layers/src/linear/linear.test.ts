import { dispose, flattenState, grad, isVariableState, Param, split, state, update } from "@nnxjs/nnx-core";
import { initializers, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { flaxCase, type GoldenArray, numbersOf, relativeError } from "../../../../scripts/golden.ts";
import { dotGeneral, Linear } from "../index.ts";

interface LayerCase {
  readonly inputs: readonly GoldenArray[];
  readonly state: Readonly<Record<string, GoldenArray>>;
  readonly output: GoldenArray;
}
interface GradCase extends LayerCase {
  readonly param_grads: Readonly<Record<string, GoldenArray>>;
  readonly input_grad: GoldenArray;
}

const tensor = (golden: GoldenArray): tf.Tensor => tf.tensor(numbersOf(golden), [...golden.shape]);
const rngs = () => new Rngs(0);

describe("Linear", () => {
  it("has Flax's paths, initial values and output for the same seed", () => {
    const golden = flaxCase<LayerCase>("Linear_3_4");
    const layer = new Linear(3, 4, { rngs: new Rngs({ params: 0 }) });
    const leaves = flattenState(state(layer));
    expect(leaves.map(([path]) => path.join("/"))).toEqual(Object.keys(golden.state).sort());
    for (const [path, leaf] of leaves) {
      const values = isVariableState(leaf) ? (leaf.value as tf.Tensor).dataSync() : [];
      expect(relativeError(values, numbersOf(golden.state[path.join("/")]!))).toBeLessThan(5e-7);
    }
    const y = layer.forward(tensor(golden.inputs[0]!));
    expect(relativeError(y.dataSync(), numbersOf(golden.output))).toBeLessThan(1e-5);
  });

  it("draws no key for a bias that it does not have", () => {
    const golden = flaxCase<LayerCase>("Linear_nobias");
    const streams = rngs();
    const layer = new Linear(3, 4, { useBias: false, rngs: streams });
    expect(layer.bias).toBeNull();
    expect(streams.stream().count.value).toBe(1);
    const y = layer.forward(tensor(golden.inputs[0]!));
    expect(relativeError(y.dataSync(), numbersOf(golden.output))).toBeLessThan(1e-5);
  });

  it("has Flax's gradients", () => {
    const golden = flaxCase<GradCase>("grad.Linear");
    const layer = new Linear(3, 4, { rngs: rngs() });
    const loss = (m: Linear, x: tf.Tensor) => tf.mul(0.5, tf.sum(tf.square(m.forward(x)))) as tf.Tensor;
    const [ofLayer, ofInput] = grad(loss, { argnums: [0, 1] })(layer, tensor(golden.inputs[0]!));
    for (const [path, leaf] of flattenState(ofLayer)) {
      const values = isVariableState(leaf) ? (leaf.value as tf.Tensor).dataSync() : [];
      expect(relativeError(values, numbersOf(golden.param_grads[path.join("/")]!))).toBeLessThan(1e-5);
    }
    expect(relativeError(ofInput.dataSync(), numbersOf(golden.input_grad))).toBeLessThan(1e-5);
  });

  it.each([[[3]], [[2, 3]], [[2, 5, 3]]])("contracts the last axis of an input of shape %j", (shape) => {
    const layer = new Linear(3, 4, { rngs: rngs() });
    const x = tf.ones(shape);
    const y = layer.forward(x);
    expect(y.shape).toEqual([...shape.slice(0, -1), 4]);
    const plain = tf.matMul(tf.reshape(x, [-1, 3]), layer.kernel.value as tf.Tensor2D);
    expect(relativeError(y.dataSync(), plain.dataSync())).toBeLessThan(1e-6);
  });

  it("takes integers as Flax does, and a product of one's own", () => {
    const calls: string[] = [];
    const layer = new Linear(3, 2, {
      rngs: rngs(),
      kernelInit: initializers.ones,
      biasInit: initializers.ones,
      preferredElementType: "float32",
      precision: "highest",
      dotGeneral: (a, b, options) => {
        calls.push(JSON.stringify(options));
        return dotGeneral(a, b, options);
      },
    });
    expect([...layer.forward(tf.tensor2d([[1, 2, 3]], [1, 3], "int32")).dataSync()]).toEqual([7, 7]);
    expect(calls).toEqual(['{"precision":"highest","preferredElementType":"float32"}']);
  });

  it("keeps metadata for its parameters", () => {
    const layer = new Linear(3, 2, { rngs: rngs(), kernelMetadata: { tag: "head" } });
    const [, head] = split(layer, "head", true);
    expect(flattenState(head).map(([path]) => path.join("."))).toEqual(["kernel"]);
  });

  it.each([
    [
      "an input of another width",
      () => new Linear(3, 4, { rngs: rngs() }).forward(tf.ones([2, 5])),
      /Linear\.forward: expected an input of shape \[\.\.\., 3\].*\[3, 4\].*float32\[2,5\]/,
    ],
    [
      "a scalar",
      () => new Linear(3, 4, { rngs: rngs() }).forward(tf.scalar(1)),
      /Linear\.forward: expected an input of shape/,
    ],
    [
      "no stream for parameters",
      () => new Linear(3, 4, { rngs: new Rngs({ dropout: 0 }) }),
      /Rngs\.stream: expected one of \{dropout\}, got "params"/,
    ],
    ["a size of 0", () => new Linear(0, 4, { rngs: rngs() }), /inFeatures to be a positive integer, got 0/],
    [
      "a dtype that tensorflow.js lacks",
      () => new Linear(3, 4, { rngs: rngs(), dtype: "bfloat16" as "float32" }),
      /dtype "float32", got "bfloat16"/,
    ],
  ])("refuses %s", (_name, run, message) => {
    expect(run).toThrow(message);
  });

  it("is unharmed by a call that it refused", () => {
    const layer = new Linear(3, 4, { rngs: rngs() });
    const before = layer.forward(tf.ones([1, 3])).dataSync();
    const [, saved] = split(layer);
    expect(() => layer.forward(tf.ones([1, 4]))).toThrow();
    expect([...layer.forward(tf.ones([1, 3])).dataSync()]).toEqual([...before]);
    update(layer, saved);
    dispose(saved);
    expect(flattenState(state(layer, Param))).toHaveLength(2);
  });

  it("leaves only its result behind", () => {
    const layer = new Linear(3, 4, { rngs: rngs() });
    const x = tf.ones([2, 3]);
    const before = tf.memory().numTensors;
    const y = tf.tidy(() => layer.forward(x));
    expect(tf.memory().numTensors).toBe(before + 1);
    y.dispose();
  });
});
