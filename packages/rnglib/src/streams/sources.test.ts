/** @file Every sampler and initializer as a method of a stream: the same numbers, from the next key. */
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { initializers, random, RngStream, Rngs } from "../index.ts";

const matrix = tf.tensor2d([2, 0.5, 0.5, 1], [2, 2]);
const samplers = {
  ball: [3, 2, [2]],
  bernoulli: [0.4, [5], { mode: "high" }],
  beta: [2, 3, [4]],
  binomial: [10, 0.3, [4]],
  bits: [[4]],
  categorical: [tf.tensor1d([0.1, 0.7, 0.2]), { shape: [5] }],
  cauchy: [[4]],
  chisquare: [3, [4]],
  choice: [10, [4], { replace: false }],
  dirichlet: [tf.tensor1d([1, 2, 3]), [2]],
  doubleSidedMaxwell: [1, 2, [4]],
  exponential: [[4]],
  f: [3, 5, [4]],
  gamma: [2, [4]],
  generalizedNormal: [1.5, [4]],
  geometric: [0.3, [4]],
  gumbel: [[4], { mode: "high" }],
  laplace: [[4]],
  loggamma: [2, [4]],
  logistic: [[4]],
  lognormal: [0.5, [4]],
  maxwell: [[4]],
  multinomial: [10, tf.tensor1d([0.2, 0.8]), [3, 2]],
  multivariateNormal: [tf.tensor1d([1, 2]), matrix, [3], { method: "cholesky" }],
  normal: [[4]],
  orthogonal: [3, [2]],
  pareto: [2, [4]],
  permutation: [6, { independent: false }],
  poisson: [3, [4]],
  rademacher: [[4]],
  randint: [[4], 2, 90],
  rayleigh: [2, [4]],
  t: [3, [4]],
  triangular: [0, 1, 3, [4]],
  truncatedNormal: [-1, 2, [4]],
  uniform: [[4], { minval: 2, maxval: 5 }],
  wald: [2, [4]],
  weibullMin: [2, 3, [4]],
} as const;
const makers = {
  deltaOrthogonal: [[3, 2, 4], 0.5],
  glorotNormal: [[3, 4]],
  glorotUniform: [[3, 4]],
  heNormal: [[3, 4]],
  heUniform: [[3, 4]],
  kaimingNormal: [[3, 4]],
  kaimingUniform: [[3, 4]],
  lecunNormal: [[3, 4]],
  lecunUniform: [[3, 4]],
  varianceScaling: [[3, 4], 2, "fanAvg", "uniform"],
  xavierNormal: [[3, 4]],
  xavierUniform: [[3, 4]],
} as const;

const call = (owner: object, name: string, args: readonly unknown[]): unknown =>
  Reflect.apply(Reflect.get(owner, name) as (...all: unknown[]) => unknown, owner, args);
const numbers = (x: unknown): number[] => [
  ...(x instanceof tf.Tensor ? x.dataSync<"float32">() : (x as Uint32Array)),
];

it("lists every method that a stream has from samplers", () => {
  const names = [RngStream, Rngs].map((type) => {
    const found = new Set<string>();
    for (let at: object = Object.getPrototypeOf(type.prototype); at !== Object.prototype; ) {
      for (const name of Object.getOwnPropertyNames(at))
        if (name in random || name in initializers) found.add(name);
      at = Object.getPrototypeOf(at);
    }
    return [...found].sort();
  });
  expect(names[0]).toEqual([...Object.keys(samplers), ...Object.keys(makers)].sort());
  expect(names[1]).toEqual(names[0]);
});

it.each(Object.entries(samplers))("%s draws from the next key", (name, args) => {
  const stream = new RngStream(3, { tag: "noise" });
  stream.nextKey();
  const drawn = numbers(call(stream, name, args));
  expect(stream.count.value).toBe(2);
  expect(drawn).toEqual(numbers(call(random, name, [random.foldIn(random.key(3), 1), ...args])));
  expect(numbers(call(new Rngs(3), name, args))).toEqual(
    numbers(call(random, name, [random.foldIn(random.key(3), 0), ...args])),
  );
});

it.each(Object.entries(makers))("%s draws when it is called", (name, [shape, ...options]) => {
  const stream = new RngStream(3, { tag: "params" });
  const keyless = call(stream, name, options) as (shape: readonly number[]) => tf.Tensor;
  expect(stream.count.value).toBe(0);
  const drawn = [numbers(keyless(shape)), numbers(keyless(shape))];
  const keyed = call(initializers, name, options) as (key: unknown, shape: readonly number[]) => tf.Tensor;
  expect(drawn).toEqual([0, 1].map((i) => numbers(keyed(random.foldIn(random.key(3), i), shape))));
});
