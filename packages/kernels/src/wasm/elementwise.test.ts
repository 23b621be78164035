import * as tf from "@tensorflow/tfjs-core";
import { afterEach, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels } from "../mend-kernels.ts";
import { exponentialsModule } from "./exponentials.generated.ts";
import { eachElement } from "./elementwise.ts";
import { useWasmKernels } from "./module.ts";

const sigmoid = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));

/** Its power series near 0, and a continued fraction elsewhere. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (!(a >= 2.5)) {
    let [term, sum] = [a, a];
    for (let n = 1; n < 80; n++) {
      term *= (-a * a) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * sum * 2) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + fraction)));
}

/** What a unit in the last place of a float32 number is. */
function unit(value: number): number {
  const size = Math.abs(value);
  return size < 2 ** -126 ? 2 ** -149 : 2 ** (Math.floor(Math.log2(size)) - 23);
}

let seed = 1;
/** From 0 to 1; the same in each run. */
function random(): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
}

const specials = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  2 ** -149,
  -(2 ** -149),
  1e-40,
  2 ** -126,
  -(2 ** -126),
  1e-20,
  -1e-9,
  0.5,
  -0.5,
  1,
  -1,
  6,
  2.5,
  -2.5,
  88.72,
  88.73,
  -87.4,
  -103.9,
  -104.1,
  3.4e38,
  -3.4e38,
].map(Math.fround);

interface Case {
  readonly op: (x: tf.Tensor) => tf.Tensor;
  readonly reference: (x: number) => number;
  /** Where arguments are drawn from. */
  readonly range: readonly [low: number, high: number];
  /** Units in the last place. */
  readonly within: number;
  /** Backends on which tensorflow.js's own kernel is in use. */
  readonly not?: string;
}

const cases: Readonly<Record<string, Case>> = {
  exp: { op: tf.exp, reference: Math.exp, range: [-104, 89], within: 1.5 },
  expm1: { op: tf.expm1, reference: Math.expm1, range: [-20, 89], within: 2 },
  tanh: { op: tf.tanh, reference: Math.tanh, range: [-10, 10], within: 3 },
  sigmoid: { op: tf.sigmoid, reference: sigmoid, range: [-104, 20], within: 3, not: "wasm" },
  elu: { op: tf.elu, reference: (x) => (x > 0 ? x : Math.expm1(x)), range: [-20, 5], within: 2, not: "wasm" },
  selu: {
    op: tf.selu,
    reference: (x) => (x > 0 ? 1.0507009873554805 * x : 1.7580993408473768 * Math.expm1(x)),
    range: [-20, 5],
    within: 2.5,
  },
  log: { op: tf.log, reference: Math.log, range: [0, 10], within: 1.5 },
  "log of large numbers": { op: tf.log, reference: Math.log, range: [0, 3.4e38], within: 1 },
  "log of subnormal numbers": { op: tf.log, reference: Math.log, range: [0, 1e-38], within: 1 },
  log1p: { op: tf.log1p, reference: Math.log1p, range: [-1, 10], within: 1.5 },
  softplus: {
    op: tf.softplus,
    reference: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    range: [-104, 90],
    within: 2.5,
  },
  erf: { op: tf.erf, reference: erf, range: [-4.2, 4.2], within: 2 },
  rsqrt: { op: tf.rsqrt, reference: (x) => 1 / Math.sqrt(x), range: [0, 9], within: 1.5 },
  leakyRelu: {
    op: (x) => tf.leakyRelu(x, 0.25),
    reference: (x) => (x < 0 ? 0.25 * x : x),
    range: [-3, 3],
    within: 0,
  },
  relu: { op: tf.relu, reference: (x) => Math.max(0, x), range: [-3, 3], within: 0, not: "wasm" },
  relu6: { op: tf.relu6, reference: (x) => Math.min(Math.max(0, x), 6), range: [-3, 9], within: 0 },
  clip: {
    op: (x) => tf.clipByValue(x, -1, 2),
    reference: (x) => Math.min(Math.max(x, -1), 2),
    range: [-3, 3],
    within: 0,
  },
  step: {
    op: (x) => tf.step(x, 0.5),
    reference: (x) => (Number.isNaN(x) ? x : x > 0 ? 1 : 0.5),
    range: [-3, 3],
    within: 0,
  },
  neg: { op: tf.neg, reference: (x) => -x, range: [-3, 3], within: 0 },
  abs: { op: tf.abs, reference: Math.abs, range: [-3, 3], within: 0 },
  square: { op: tf.square, reference: (x) => x * x, range: [-3, 3], within: 0.5 },
  sqrt: { op: tf.sqrt, reference: Math.sqrt, range: [0, 9], within: 0.5 },
  reciprocal: { op: tf.reciprocal, reference: (x) => 1 / x, range: [-3, 3], within: 0.5 },
  round: {
    op: tf.round,
    reference: (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)),
    range: [-9, 9],
    within: 0,
    not: "wasm",
  },
  floor: { op: tf.floor, reference: Math.floor, range: [-9, 9], within: 0 },
  ceil: { op: tf.ceil, reference: Math.ceil, range: [-9, 9], within: 0 },
};

/** Also off a vector's and a cache line's size; more than goes to the stock kernels on cpu. */
const sizes = [129, 130, 131, 256, 5001];

onEachBackend("element-wise kernels", (backend) => {
  afterEach(() => useWasmKernels(true));

  const here = Object.entries(cases).filter(([, { not }]) => not !== backend);
  it.each(here)("%s", (_name, { op, reference, range: [low, high], within }) => {
    mendKernels();
    for (const size of sizes) {
      const scale = size % 2 === 0 ? 1 : 10 ** (-12 * random());
      const x = Float32Array.from({ length: size }, (_, i) =>
        i % 5 === 0
          ? specials[Math.floor(random() * specials.length)]!
          : (low + (high - low) * random()) * scale,
      );
      for (let i = 0; i < specials.length; i++) x[i] = specials[i]!;
      const before = [tf.memory().numTensors, tf.backend().numDataIds()];
      const y = tf.tidy(() => op(tf.tensor1d(x)).dataSync().slice());
      expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
      y.forEach((found, i) => {
        const wanted = reference(x[i]!);
        const rounded = Math.fround(wanted);
        const fits =
          Object.is(found, rounded) ||
          // An intermediate result may also overflow or vanish a little earlier.
          Math.abs(found - wanted) <= within * unit(wanted) ||
          (found === 0 && rounded === 0 && Math.abs(wanted) > 0);
        if (!fits) expect.fail(`of ${x[i]} (number ${i} of ${size}): expected ${wanted}, got ${found}`);
      });
    }
  });

  it.each(here)("%s of one element is what it is among many", (_name, { op }) => {
    mendKernels();
    const values = [...specials, 0.3, -1.7, 4.1, ...Array.from({ length: 140 }, () => 4 * random() - 2)];
    const all = [...op(tf.tensor1d(values)).dataSync()];
    for (const shift of [1, 2, 3]) {
      const some = op(tf.tensor1d(values.slice(shift, shift + 140 + shift)));
      expect([...some.dataSync()]).toEqual(all.slice(shift, shift + 140 + shift));
    }
  });

  it("leave integers, nothing, and few elements to tensorflow.js", () => {
    mendKernels();
    expect([...tf.exp(tf.zeros([2, 0])).dataSync()]).toEqual([]);
    expect(tf.exp(tf.zeros([2, 0])).shape).toEqual([2, 0]);
    const whole = tf.neg(tf.range(-100, 100, 1, "int32"));
    expect([whole.dtype, whole.dataSync()[0]]).toEqual(["int32", 100]);
    if (backend === "cpu") expect(tf.abs(tf.complex([3], [4])).dataSync()[0]).toBe(5);
    expect([...tf.relu(tf.tensor1d([-1, 2])).dataSync()]).toEqual([0, 2]);
  });

  it("leave everything to tensorflow.js while they are off", () => {
    mendKernels();
    useWasmKernels(false);
    const x = tf.linspace(-3, 3, 200);
    expect(eachElement(tf.backend(), exponentialsModule, "exp", [x])).toBeUndefined();
    const off = [tf.exp(x), tf.clipByValue(x, -1, 1), tf.relu6(x), tf.add(x, x)].map((y) => [
      ...y.dataSync(),
    ]);
    useWasmKernels(true);
    const on = [tf.exp(x), tf.clipByValue(x, -1, 1), tf.relu6(x), tf.add(x, x)].map((y) => [...y.dataSync()]);
    for (const [i, value] of on.flat().entries()) expect(value).toBeCloseTo(off.flat()[i]!, 4);
  });
});
