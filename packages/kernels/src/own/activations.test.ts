import * as tf from "@tensorflow/tfjs-core";
import { afterEach, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { listKernels, mendKernels } from "../mend-kernels.ts";
import { useWasmKernels } from "../wasm/module.ts";
import { curves, curvesWithSlopes, slopes } from "./activations.ts";

const sigmoid = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));
const GELU = Math.sqrt(8 / Math.PI);
const inner = (x: number): number => GELU * (x + 0.044715 * x ** 3);
const density = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
/** P(N(0, 1) <= x), by Simpson's rule. */
function below(x: number): number {
  const steps = 400;
  let sum = density(0) + density(x);
  for (let i = 1; i < steps; i++) sum += (i % 2 === 1 ? 4 : 2) * density((x * i) / steps);
  return 0.5 + (x * sum) / (3 * steps);
}

const values: Readonly<Record<keyof typeof curves, (x: number) => number>> = {
  silu: (x) => x * sigmoid(x),
  gelu: (x) => x * sigmoid(inner(x)),
  geluErf: (x) => x * below(x),
};

/** The derivatives, of the argument or (where `slopes` says so) of the result. */
const derivatives: Readonly<Record<keyof typeof slopes, (x: number) => number>> = {
  relu: (y) => +(y > 0),
  relu6: (x) => +(x > 0 && x < 6),
  leakyRelu: (x) => (x >= 0 ? 1 : 0.25),
  elu: (y) => (y > 0 ? 1 : y + 1),
  selu: (y) => (y > 0 ? 1.0507009873554805 : y + 1.7580993408473768),
  tanh: (y) => (1 + y) * (1 - y),
  sigmoid: (y) => y * (1 - y),
  square: (x) => 2 * x,
  sqrt: (y) => 0.5 / y,
  abs: (x) => (x >= 0 ? 1 : -1),
  softplus: sigmoid,
  erf: (x) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x),
  silu: (x) => sigmoid(x) * (1 + x * sigmoid(-x)),
  gelu: (x) => {
    const s = sigmoid(inner(x));
    return s + x * s * (1 - s) * GELU * (1 + 3 * 0.044715 * x * x);
  },
  geluErf: (x) => below(x) + x * density(x),
};

const xs = [...Array.from({ length: 331 }, (_, i) => (i - 165) / 24), 1e-30, -1e-30, 2 ** -149, 0, -0, 6].map(
  Math.fround,
);

type Run = (inputs: Readonly<Record<string, tf.Tensor>>, attrs?: object) => tf.Tensor;
const runOf = (own: object): Run => (own as { run: Run }).run;

/** The slope where dy is everywhere the same. */
const slopeOf = (name: keyof typeof slopes, dy: tf.Tensor, x: tf.Tensor): tf.Tensor =>
  // Each of them takes `x` or `y`, and leaves the other alone.
  runOf(slopes[name])({ dy, ...(takesY.includes(name) ? { y: x } : { x }) }, { alpha: 0.25 });
const takesY = ["relu", "elu", "selu", "tanh", "sigmoid", "sqrt"];

function expectClose(found: tf.Tensor, wanted: readonly number[], within: number): void {
  found.dataSync().forEach((value, i) => {
    const allowed = within * Math.max(Math.abs(wanted[i]!), 1);
    if (Number.isFinite(wanted[i]!) ? !(Math.abs(value - wanted[i]!) <= allowed) : value !== wanted[i]!)
      expect.fail(`of ${xs[i]}: expected ${wanted[i]}, got ${value}`);
  });
}

onEachBackend("activations of one kernel", () => {
  afterEach(() => useWasmKernels(true));

  it.each(Object.keys(curves) as (keyof typeof curves)[])(
    "%s is right, with and without WebAssembly",
    (name) => {
      mendKernels();
      for (const on of [true, false]) {
        useWasmKernels(on);
        const before = [tf.memory().numTensors, tf.backend().numDataIds()];
        tf.tidy(() => expectClose(curves[name].run({ x: tf.tensor1d(xs) }), xs.map(values[name]), 1e-6));
        expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
      }
    },
  );

  it.each(Object.keys(slopes) as (keyof typeof slopes)[])(
    "the slope of %s is right, with and without WebAssembly",
    (name) => {
      mendKernels();
      for (const on of [true, false]) {
        useWasmKernels(on);
        const before = [tf.memory().numTensors, tf.backend().numDataIds()];
        tf.tidy(() => {
          const wanted = xs.map((x) => Math.fround(3 * derivatives[name](x)));
          expectClose(slopeOf(name, tf.fill([xs.length], 3), tf.tensor1d(xs)), wanted, 2e-6);
        });
        expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
      }
    },
  );

  it.each(Object.keys(curves) as (keyof typeof curves)[])(
    "%s and its slope of one kernel are those of two",
    (name) => {
      mendKernels();
      for (const on of [true, false]) {
        useWasmKernels(on);
        const before = [tf.memory().numTensors, tf.backend().numDataIds()];
        for (const some of [xs, xs.slice(0, 1), []]) {
          tf.tidy(() => {
            const x = tf.tensor1d(some);
            const [y, slope] = tf
              .engine()
              .runKernel<tf.Tensor[]>(curvesWithSlopes[name], { x }) as tf.Tensor[];
            expectClose(y!, some.map(values[name]), 1e-6);
            expectClose(slope!, some.map(derivatives[name]), 2e-6);
          });
        }
        expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
      }
    },
  );

  it("do not spread what is not chosen", () => {
    mendKernels();
    const [nan, infinity] = [Number.NaN, Number.POSITIVE_INFINITY];
    for (const on of [true, false]) {
      useWasmKernels(on);
      const dy = tf.tensor1d([nan, infinity, 2, 2, -infinity]);
      const x = tf.tensor1d([-1, -1, nan, 1, infinity]);
      const first = (name: keyof typeof slopes): number[] => [...slopeOf(name, dy, x).dataSync()];
      expect(first("relu")).toEqual([0, 0, 0, 2, -infinity]);
      expect(first("relu6")).toEqual([0, 0, 0, 2, 0]);
      expect(first("leakyRelu")).toEqual([nan, infinity, 0.5, 2, -infinity]);
      expect(first("abs")).toEqual([nan, -infinity, -2, 2, -infinity]);
    }
  });

  it("are computed by ops for other tensors, and listed", () => {
    mendKernels();
    expect(curves.silu.run({ x: tf.zeros([0, 3]) }).shape).toEqual([0, 3]);
    expect(curves.gelu.run({ x: tf.zeros([2, 2, 2]) }).shape).toEqual([2, 2, 2]);
    const listed = listKernels().filter(({ kernelName }) => kernelName === "NnxGeluGrad");
    expect(listed.map(({ backendName, reason }) => [backendName, reason])).toEqual([
      ["cpu", "missing"],
      ["wasm", "missing"],
    ]);
  });
});
