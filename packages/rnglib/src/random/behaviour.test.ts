import type { Tensor } from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { initializers, type PRNGKey, random } from "../index.ts";

const key = random.key(3);
const p = [0.2, 0.5, 0.3];

/** A small call of each sampler. */
const samplers: Readonly<Record<string, (key: PRNGKey) => Tensor>> = {
  ball: (k) => random.ball(k, 3, 2, [2]),
  bernoulli: (k) => random.bernoulli(k, tf.tensor1d(p), [4, 3]),
  beta: (k) => random.beta(k, 0.5, tf.tensor1d([1, 2])),
  binomial: (k) => random.binomial(k, 40, tf.tensor1d(p)),
  categorical: (k) => random.categorical(k, p, { shape: [5] }),
  cauchy: (k) => random.cauchy(k, [3]),
  chisquare: (k) => random.chisquare(k, 3, [2]),
  choice: (k) => random.choice(k, 9, [4], { replace: false }),
  dirichlet: (k) => random.dirichlet(k, p, [2]),
  doubleSidedMaxwell: (k) => random.doubleSidedMaxwell(k, 0, 1, [3]),
  exponential: (k) => random.exponential(k, [3]),
  f: (k) => random.f(k, 2, 3, [2]),
  gamma: (k) => random.gamma(k, 0.7, [3]),
  generalizedNormal: (k) => random.generalizedNormal(k, 3, [3]),
  geometric: (k) => random.geometric(k, 0.2, [3]),
  gumbel: (k) => random.gumbel(k, [3]),
  laplace: (k) => random.laplace(k, [3]),
  loggamma: (k) => random.loggamma(k, 0.1, [3]),
  logistic: (k) => random.logistic(k, [3]),
  lognormal: (k) => random.lognormal(k, 2, [3]),
  maxwell: (k) => random.maxwell(k, [3]),
  multinomial: (k) => random.multinomial(k, 9, p),
  multivariateNormal: (k) =>
    random.multivariateNormal(
      k,
      [0, 1],
      tf.tensor2d([
        [2, 1],
        [1, 2],
      ]),
      [3],
    ),
  normal: (k) => random.normal(k, [3]),
  orthogonal: (k) => random.orthogonal(k, 3),
  pareto: (k) => random.pareto(k, 2, [3]),
  permutation: (k) =>
    random.permutation(
      k,
      tf.tensor2d([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    ),
  poisson: (k) => random.poisson(k, tf.tensor1d([1, 30])),
  rademacher: (k) => random.rademacher(k, [3]),
  randint: (k) => random.randint(k, [3], 0, 100),
  rayleigh: (k) => random.rayleigh(k, 2, [3]),
  t: (k) => random.t(k, 3, [3]),
  triangular: (k) => random.triangular(k, 0, 1, 2, [3]),
  truncatedNormal: (k) => random.truncatedNormal(k, tf.tensor1d([-1, 0]), 1),
  uniform: (k) => random.uniform(k, [3], { minval: tf.tensor1d([-1, 0, 1]), maxval: 2 }),
  wald: (k) => random.wald(k, 2, [3]),
  weibullMin: (k) => random.weibullMin(k, 2, 3, [3]),
  "initializers.heNormal": (k) => initializers.heNormal()(k, [3, 2]),
  "initializers.zeros": (k) => initializers.zeros(k, [3, 2], "int32"),
  "initializers.deltaOrthogonal": (k) => initializers.deltaOrthogonal()(k, [3, 2, 2]),
};
const all = Object.entries(samplers);

describe("truncatedNormal", () => {
  it("is zero with a sign next to 0, as in JAX", async () => {
    const drawn = random.truncatedNormal(
      key,
      [0, 1, -(2 ** -126), 0, 2 ** -126, 0],
      [0, 0, 0, 2 ** -126, 2 ** -126, -1],
    );
    expect([...(await drawn.data())]).toEqual([-0, -0, -0, 0, 0, -1 - 2 ** -23]);
    drawn.dispose();
  });
});

describe("every sampler", () => {
  it("is in the table above", () => {
    const others = ["key", "keyData", "wrapKeyData", "split", "foldIn", "clone", "PRNGKey", "bits"];
    expect(Object.keys(random).filter((name) => !others.includes(name) && !(name in samplers))).toEqual([]);
  });

  it.each(all)("%s: same key, same values", (_name, draw) => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        expect(draw(random.key(seed)).dataSync()).toEqual(draw(random.key(seed)).dataSync());
      }),
      { numRuns: 5 },
    );
  });

  it.each(all)("%s: keys of shape [n] sample n independent rows", (_name, draw) => {
    for (const shape of [[3], [2, 2], [0]]) {
      const keys = random.split(key, shape);
      const rows = draw(keys);
      const one = draw(key);
      expect(rows.shape).toEqual([...shape, ...one.shape]);
      expect(rows.dtype).toBe(one.dtype);
      const flat = shape.length === 2 ? [...keys].flatMap((row) => [...row]) : [...keys];
      const expected = flat.flatMap((single) => [...draw(single).dataSync()]);
      expect([...rows.dataSync()]).toEqual(expected);
    }
  });

  it.each(all)("%s: leaves the tensors it was given and makes one", (_name, draw) => {
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      draw(key);
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  describe("on wasm", () => {
    afterAll(async () => {
      await tf.setBackend("cpu");
    });
    it("gives the same values as on cpu", async () => {
      const onCpu = all.map(([, draw]) => [...draw(key).dataSync()]);
      expect(await tf.setBackend("wasm")).toBe(true);
      all.forEach(([name, draw], i) => {
        expect([...draw(key).dataSync()], name).toEqual(onCpu[i]);
      });
      await tf.setBackend("cpu");
    });
  });
});

describe("values at the edges are JAX's", () => {
  const values = (x: Tensor): number[] => [...x.dataSync()];
  it("of parameters outside their range", () => {
    expect(values(random.poisson(key, [-1, Number.NaN, 0]))).toEqual([-1, -1, 0]);
    expect(values(random.binomial(key, 5, [-0.1, 1.1, Number.NaN, 0, 1]))).toEqual([NaN, NaN, NaN, 0, 5]);
    expect(values(random.binomial(key, [-1, Number.POSITIVE_INFINITY], 0.5))).toEqual([NaN, Infinity]);
    expect(values(random.binomial(key, Number.POSITIVE_INFINITY, 0))).toEqual([Infinity]);
    expect(values(random.gamma(key, [0, -1, Number.NaN]))).toEqual([0, NaN, NaN]);
    expect(values(random.geometric(key, [0, 1, 2]))).toEqual([2 ** 31 - 1, 1, 0]);
    expect(values(random.randint(key, [2], 5, 5))).toEqual([5, 5]);
    expect(values(random.uniform(key, [2], { minval: 3, maxval: 1 }))).toEqual([3, 3]);
    expect(
      values(
        random.multivariateNormal(
          key,
          [0, 0],
          tf.tensor2d([
            [1, 2],
            [2, 1],
          ]),
        ),
      ),
    ).toEqual([NaN, NaN]);
  });

  it("of empty shapes", () => {
    expect(random.normal(key, [0, 3]).shape).toEqual([0, 3]);
    expect(random.permutation(key, 0).shape).toEqual([0]);
    expect(random.choice(key, 5, [0]).shape).toEqual([0]);
    expect(random.choice(key, 0, [0]).shape).toEqual([0]);
    expect(random.ball(key, 0, 2, [2]).shape).toEqual([2, 0]);
    expect(initializers.orthogonal()(key, [0, 3]).shape).toEqual([0, 3]);
  });

  it("of permutations that keep the tensor's slices together", () => {
    const x = tf.tensor2d(
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [3, 2],
      "int32",
    );
    const rows = tf.unstack(random.permutation(key, x)).map((row) => String(row.dataSync()));
    expect(rows.sort()).toEqual(["1,2", "3,4", "5,6"]);
    expect(random.permutation(key, x).dtype).toBe("int32");
    expect(random.choice(key, tf.tensor1d([true, false], "bool"), [4]).dtype).toBe("bool");
  });
});

describe("bad input", () => {
  const refused: readonly (readonly [string, () => unknown, string])[] = [
    [
      "a negative size",
      () => random.normal(key, [-1]),
      "normal: expected a shape of non-negative integers, got [-1]",
    ],
    ["a fractional size", () => random.gamma(key, 1, [1.5]), "gamma: expected a shape"],
    // @ts-expect-error a number is no key
    ["a seed for a key", () => random.normal(0, [2]), "normal: expected a key, got 0"],
    [
      "a string as parameter",
      // @ts-expect-error a string is no parameter
      () => random.gamma(key, "1", [2]),
      'gamma: expected a number, a list of numbers or a tensor, got "1"',
    ],
    [
      "parameters that do not broadcast",
      () => random.beta(key, [1, 2], [1, 2, 3]),
      "beta: expected parameters whose shapes broadcast, got [2] and [3]",
    ],
    [
      "logits without a category",
      () => random.categorical(key, tf.zeros([2, 0])),
      "categorical: expected at least 1 category, got logits of shape [2, 0]",
    ],
    [
      "a shape that is too small",
      () => random.gamma(key, [1, 2], []),
      "gamma: expected parameters that broadcast to the shape []",
    ],
    [
      "bernoulli of integers",
      () => random.bernoulli(key, tf.tensor1d([0, 1], "int32")),
      "bernoulli: expected probabilities of dtype float32, got int32",
    ],
    [
      "another bernoulli mode",
      // @ts-expect-error no such mode
      () => random.bernoulli(key, [0.1, 0.2], [2], { mode: "middle" }),
      'bernoulli: expected mode "low" or "high"',
    ],
    // @ts-expect-error no such mode
    ["another gumbel mode", () => random.gumbel(key, [2], { mode: "middle" }), 'gumbel: expected mode "low"'],
    ["fractional bounds", () => random.randint(key, [2], 0, 1.5), "randint: expected"],
    [
      "fractional bounds in lists",
      () => random.randint(key, [2], 0, [1.5, 2]),
      "randint: expected int32 values, got 1.5",
    ],
    ["permutation of a fraction", () => random.permutation(key, 1.5), "permutation: expected an integer"],
    [
      "permutation of a scalar",
      () => random.permutation(key, tf.scalar(3)),
      "permutation: expected an integer",
    ],
    [
      "an axis that is not there",
      () => random.permutation(key, tf.zeros([2]), { axis: 1 }),
      "permutation: expected an axis of the shape [2], got 1",
    ],
    [
      "more than there are, without replacement",
      () => random.choice(key, 3, [4], { replace: false }),
      "choice: expected at most 3 samples without replacement, got 4",
    ],
    ["a choice from nothing", () => random.choice(key, 0, [1]), "choice: expected something to choose from"],
    [
      "weights of another shape",
      () => random.choice(key, 3, [1], { p: [0.5, 0.5] }),
      "choice: expected p of shape [3]",
    ],
    ["logits without axis", () => random.categorical(key, 1), "categorical: expected an axis"],
    [
      "a sample that logits do not fit",
      () => random.categorical(key, tf.zeros([2, 3]), { shape: [3] }),
      "categorical: expected parameters",
    ],
    [
      "more categories than there are",
      () => random.categorical(key, p, { shape: [4], replace: false }),
      "categorical: expected at most 3 samples",
    ],
    [
      "a scalar concentration",
      () => random.dirichlet(key, 1),
      "dirichlet: expected alpha with at least 1 axis",
    ],
    ["scalar outcomes", () => random.multinomial(key, 3, 1), "multinomial: expected p with at least 1 axis"],
    [
      "a covariance of another size",
      () => random.multivariateNormal(key, [0, 0], tf.eye(3)),
      "multivariateNormal: expected a mean of shape [..., n]",
    ],
    [
      "another method",
      // @ts-expect-error no such method
      () => random.multivariateNormal(key, [0], tf.eye(1), [], { method: "lu" }),
      "multivariateNormal: expected method",
    ],
    [
      "an initializer of a vector",
      () => initializers.lecunNormal()(key, [3]),
      "initializers.lecunNormal: expected a shape with at least 2 axes, got [3]",
    ],
    [
      "orthogonal vectors",
      () => initializers.orthogonal()(key, [3]),
      "initializers.orthogonal: expected a shape with at least 2 axes",
    ],
    [
      "a delta kernel that narrows",
      () => initializers.deltaOrthogonal()(key, [3, 4, 2]),
      "initializers.deltaOrthogonal: expected a convolution kernel",
    ],
    [
      "an int32 normal",
      () => initializers.normal()(key, [3], "int32"),
      "initializers.normal: expected dtype float32",
    ],
    [
      "another fan",
      // @ts-expect-error no such mode
      () => initializers.varianceScaling(1, "fan_in", "normal")(key, [3, 3]),
      "initializers.varianceScaling: expected mode",
    ],
    [
      "another distribution",
      // @ts-expect-error no such distribution
      () => initializers.varianceScaling(1, "fanIn", "cauchy")(key, [3, 3]),
      "initializers.varianceScaling: expected distribution",
    ],
    [
      "an axis that a weight lacks",
      () => initializers.heNormal({ outAxis: 5 })(key, [3, 3]),
      "initializers.heNormal: expected axes of the shape [3, 3], got axis 5",
    ],
  ];
  it.each(refused)("%s is refused in so many words", (_name, run, message) => {
    expect(run).toThrow(message);
  });
});
