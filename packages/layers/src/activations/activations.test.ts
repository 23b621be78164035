import { grad } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { type GoldenArray, numbersOf, relativeError } from "../../../../scripts/golden.ts";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { expectOutput, goldenCase, goldenTensor } from "../../test/golden.ts";
import * as layers from "../index.ts";

const golden = goldenCase<Record<string, GoldenArray>>("activations");
const gradients = goldenCase<Record<string, GoldenArray>>("grad.activations");

/** The activations, by their names in Flax. */
const functions: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  celu: (x) => layers.celu(x),
  elu: (x) => layers.elu(x),
  gelu: (x) => layers.gelu(x),
  hard_sigmoid: layers.hardSigmoid,
  hard_silu: layers.hardSilu,
  hard_swish: layers.hardSwish,
  hard_tanh: layers.hardTanh,
  leaky_relu: (x) => layers.leakyRelu(x),
  log_sigmoid: layers.logSigmoid,
  log_softmax: (x) => layers.logSoftmax(x),
  relu: layers.relu,
  relu6: layers.relu6,
  selu: layers.selu,
  sigmoid: layers.sigmoid,
  identity: layers.identity,
  silu: layers.silu,
  soft_sign: layers.softSign,
  softmax: (x) => layers.softmax(x),
  softplus: layers.softplus,
  standardize: (x) => layers.standardize(x),
  swish: layers.swish,
  tanh: layers.tanh,
  gelu_exact: (x) => layers.gelu(x, { approximate: false }),
  logsumexp: (x) => layers.logsumexp(x),
};
const others = ["x", "glu", "one_hot", "softmax_where"];

/** The slope by central differences with steps of h. */
function slopes(f: (x: tf.Tensor) => tf.Tensor, x: Float32Array, h = 1 / 64): number[] {
  const at = (values: number[]): number => tf.sum(f(tf.tensor1d(values))).dataSync()[0]!;
  return [...x].map((_, i) => {
    const moved = (by: number) => [...x].map((value, j) => (i === j ? value + by : value));
    return (at(moved(h)) - at(moved(-h))) / (2 * h);
  });
}

onEachBackend("activations", () => {
  it("are all here", () => {
    expect([...Object.keys(functions), ...others].sort()).toEqual(Object.keys(golden).sort());
  });

  it.each(Object.keys(functions))("%s has JAX's values", (name) => {
    const before = tf.memory().numTensors;
    const x = goldenTensor(golden.x!);
    const y = tf.tidy(() => functions[name]!(x));
    expectOutput(y, golden[name]!);
    y.dispose();
    x.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(Object.keys(gradients).filter((name) => !["desc", "x"].includes(name)))(
    "%s has JAX's gradient, at kinks too",
    (name) => {
      const slope = grad((x: tf.Tensor) => tf.sum(functions[name]!(x)))(goldenTensor(gradients.x!));
      expectOutput(slope, gradients[name]!);
    },
  );

  it.each(["gelu_exact", "log_softmax", "softmax", "standardize", "logsumexp"])(
    "%s has the gradient that finite differences give",
    (name) => {
      const x = Float32Array.of(-1.5, -0.4, 0.3, 1.1);
      // A weighted sum, because the plain sums of softmax and standardize are constant.
      const f = (v: tf.Tensor) =>
        tf.mul(functions[name]!(v), name === "logsumexp" ? 1 : tf.tensor1d([1, -2, 3, 0.5]));
      const slope = grad((v: tf.Tensor) => tf.sum(f(v)))(tf.tensor1d(x));
      expect(relativeError(slope.dataSync(), slopes(f, x))).toBeLessThan(2e-3);
    },
  );

  it("glu multiplies one half with the sigmoid of the other", () => {
    expectOutput(layers.glu(tf.linspace(-2, 2, 8)), golden.glu!);
    expect(layers.glu(tf.ones([4, 3, 2]), 0).shape).toEqual([2, 3, 2]);
    expect(() => layers.glu(tf.ones([3]))).toThrow(
      /glu: expected an even size along axis -1, got a float32\[3\]/,
    );
  });

  it("oneHot gives zeros for ids out of range", () => {
    const ids = tf.tensor1d([0, 2, 5, -1], "int32");
    expectOutput(layers.oneHot(ids, 3), golden.one_hot!);
    const first = layers.oneHot(ids, 3, { axis: 0, dtype: "int32" });
    expect([first.dtype, first.shape, [...first.dataSync()]]).toEqual([
      "int32",
      [3, 4],
      [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
    ]);
    expect(layers.oneHot(tf.zeros([2, 5], "int32"), 3, { axis: 1 }).shape).toEqual([2, 3, 5]);
    expect(() => layers.oneHot(tf.tensor1d([0]), 3)).toThrow(
      /oneHot: expected int32 ids, got a float32\[1\]/,
    );
  });

  it("softmax leaves out what the mask leaves out", () => {
    const x = tf.tensor1d([1, 2, 3]);
    const where = tf.tensor1d([true, false, true], "bool");
    expectOutput(layers.softmax(x, { where }), golden.softmax_where!);
    const logs = layers.logSoftmax(x, { where }).dataSync();
    expect(logs[1]).toBe(Number.NEGATIVE_INFINITY);
    expect(Math.exp(logs[0]!) + Math.exp(logs[2]!)).toBeCloseTo(1, 6);
    expect(layers.logsumexp(x, { where }).dataSync()[0]).toBeCloseTo(Math.log(Math.exp(1) + Math.exp(3)), 5);
    const moments = layers.standardize(x, { where, epsilon: 0 }).dataSync();
    expect(moments[0]).toBeCloseTo(-1, 5);
    expect(moments[2]).toBeCloseTo(1, 5);
  });

  it("softmax and its logarithm take any axes", () => {
    const x = tf.tensor3d(
      [...Array(24).keys()].map((i) => Math.sin(i)),
      [2, 3, 4],
    );
    for (const axis of [0, 1, [0, 2], [-1, -2]]) {
      const total = tf.sum(layers.softmax(x, { axis }), axis).dataSync();
      expect(
        relativeError(
          total,
          Array.from(total, () => 1),
        ),
      ).toBeLessThan(1e-6);
      expect(
        relativeError(
          tf.exp(layers.logSoftmax(x, { axis })).dataSync(),
          layers.softmax(x, { axis }).dataSync(),
        ),
      ).toBeLessThan(1e-6);
    }
    expect(() => layers.softmax(x, { axis: 3 })).toThrow(/softmax: expected an axis from -3 to 2, got 3/);
  });

  it("logsumexp neither overflows nor hides what cannot be", () => {
    expect([...layers.logsumexp(tf.tensor1d([1000, 1000])).dataSync()]).toEqual([
      Math.fround(1000 + Math.log(2)),
    ]);
    expect([...layers.logsumexp(tf.fill([2], Number.NEGATIVE_INFINITY)).dataSync()]).toEqual([
      Number.NEGATIVE_INFINITY,
    ]);
    const [size, sign] = layers.logsumexpWithSign(
      tf.tensor2d([
        [0, 1],
        [0, 1],
      ]),
      {
        axis: 1,
        b: tf.tensor2d([
          [1, 1],
          [1, -1],
        ]),
      },
    );
    expect([...sign.dataSync()]).toEqual([1, -1]);
    expect(relativeError(size.dataSync(), [Math.log(1 + Math.E), Math.log(Math.E - 1)])).toBeLessThan(1e-6);
    expect(layers.logsumexp(tf.zeros([2, 3]), { axis: 0, keepDims: true }).shape).toEqual([1, 3]);
    expect(layers.logsumexp(tf.tensor1d([0, 1]), { b: tf.tensor1d([1, -1]) }).dataSync()[0]).toBeNaN();
  });
});

describe("parameters of activations", () => {
  const x = () => tf.tensor1d([-2, -0.5, 0, 3]);

  it("elu and celu bend where alpha says", () => {
    const below = (v: number, alpha: number, inner: number) => alpha * Math.expm1(v / inner);
    expect(
      relativeError(layers.elu(x(), 2).dataSync(), [below(-2, 2, 1), below(-0.5, 2, 1), 0, 3]),
    ).toBeLessThan(1e-6);
    expect(
      relativeError(layers.celu(x(), 2).dataSync(), [below(-2, 2, 2), below(-0.5, 2, 2), 0, 3]),
    ).toBeLessThan(1e-6);
    for (const f of [layers.elu, layers.celu]) {
      const slope = grad((v: tf.Tensor) => tf.sum(f(v, 2)))(tf.tensor1d([0, 200]));
      expect(slope.dataSync()[1]).toBe(1);
    }
    expect(grad((v: tf.Tensor) => tf.sum(layers.celu(v, 2)))(tf.tensor1d([0])).dataSync()[0]).toBe(1);
  });

  it("leakyRelu takes its slope", () => {
    expect(relativeError(layers.leakyRelu(x(), 0.2).dataSync(), [-0.4, -0.1, 0, 3])).toBeLessThan(1e-6);
  });

  it("keeps numbers where float32 is short of digits", () => {
    const far = tf.tensor1d([-80, -30, -15, 80]);
    const soft = layers.softplus(far).dataSync();
    [-80, -30, -15].forEach((v, i) => {
      expect(soft[i]! / Math.exp(v)).toBeCloseTo(1, 4);
    });
    expect(soft[3]).toBe(80);
    expect(
      numbersOf({
        shape: [1],
        dtype: "float32",
        data: [...layers.logSigmoid(tf.tensor1d([80])).dataSync()],
      })[0],
    ).toBeLessThan(0);
  });
});
