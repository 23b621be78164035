import type { Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { random } from "../index.ts";
import { erf } from "../keys/erf.ts";

/**
 * Keys are fixed, so nothing here depends on chance. A limit that fails means that the distribution
 * changed.
 */
const key = random.key(2024);
const N = 4000;
const { exp, log, PI, sqrt, abs } = Math;

/**
 * The largest distance between the sample's distribution function and `cdf`, times √n. It is above
 * 1.95 once in a thousand samples.
 */
function kolmogorovSmirnov(sample: ArrayLike<number>, cdf: (x: number) => number): number {
  const sorted = Float64Array.from(sample).sort();
  let most = 0;
  sorted.forEach((x, i) => {
    const p = cdf(x);
    most = Math.max(most, p - i / sorted.length, (i + 1) / sorted.length - p);
  });
  return most * sqrt(sorted.length);
}

const phi = (x: number): number => (1 + erf(x / Math.SQRT2)) / 2;
const maxwellCdf = (x: number): number => erf(x / Math.SQRT2) - sqrt(2 / PI) * x * exp((-x * x) / 2);

describe("distributions with a distribution function in closed form (Kolmogorov-Smirnov)", () => {
  const cases: Record<string, readonly [draw: () => Tensor, cdf: (x: number) => number]> = {
    uniform: [() => random.uniform(key, [N], { minval: -1, maxval: 3 }), (x) => (x + 1) / 4],
    normal: [() => random.normal(key, [N]), phi],
    truncatedNormal: [
      () => random.truncatedNormal(key, -1, 2, [N]),
      (x) => (phi(x) - phi(-1)) / (phi(2) - phi(-1)),
    ],
    lognormal: [() => random.lognormal(key, 0.5, [N]), (x) => phi(log(x) / 0.5)],
    exponential: [() => random.exponential(key, [N]), (x) => 1 - exp(-x)],
    laplace: [() => random.laplace(key, [N]), (x) => (x < 0 ? exp(x) / 2 : 1 - exp(-x) / 2)],
    logistic: [() => random.logistic(key, [N]), (x) => 1 / (1 + exp(-x))],
    cauchy: [() => random.cauchy(key, [N]), (x) => 0.5 + Math.atan(x) / PI],
    gumbel: [() => random.gumbel(key, [N]), (x) => exp(-exp(-x))],
    "gumbel, high": [() => random.gumbel(key, [N], { mode: "high" }), (x) => exp(-exp(-x))],
    "gumbel, highest": [() => random.gumbel(key, [N], { mode: "highest" }), (x) => exp(-exp(-x))],
    pareto: [() => random.pareto(key, 2.5, [N]), (x) => 1 - x ** -2.5],
    rayleigh: [() => random.rayleigh(key, 2, [N]), (x) => 1 - exp((-x * x) / 8)],
    weibullMin: [() => random.weibullMin(key, 2, 1.5, [N]), (x) => 1 - exp(-((x / 2) ** 1.5))],
    maxwell: [() => random.maxwell(key, [N]), maxwellCdf],
    doubleSidedMaxwell: [
      () => random.doubleSidedMaxwell(key, 1, 2, [N]),
      (x) => 0.5 + (Math.sign(x - 1) * maxwellCdf(abs(x - 1) / 2)) / 2,
    ],
    triangular: [
      () => random.triangular(key, 0, 1, 4, [N]),
      (x) => (x < 1 ? (x * x) / 4 : 1 - (4 - x) ** 2 / 12),
    ],
    "gamma of 1": [() => random.gamma(key, 1, [N]), (x) => 1 - exp(-x)],
    "gamma of 2": [() => random.gamma(key, 2, [N]), (x) => 1 - exp(-x) * (1 + x)],
    "gamma of 1/2": [() => random.gamma(key, 0.5, [N]), (x) => erf(sqrt(x))],
    "loggamma of 1/2": [() => random.loggamma(key, 0.5, [N]), (x) => erf(exp(x / 2))],
    chisquare: [() => random.chisquare(key, 2, [N]), (x) => 1 - exp(-x / 2)],
    "t of 2": [() => random.t(key, 2, [N]), (x) => 0.5 + x / (2 * sqrt(2 + x * x))],
    "f of 2 and 4": [() => random.f(key, 2, 4, [N]), (x) => 1 - (1 + x / 2) ** -2],
    beta: [() => random.beta(key, 2, 1, [N]), (x) => x * x],
    "generalizedNormal of 1": [
      () => random.generalizedNormal(key, 1, [N]),
      (x) => (x < 0 ? exp(x) / 2 : 1 - exp(-x) / 2),
    ],
    "norms in a ball of 3 dimensions": [() => tf.norm(random.ball(key, 3, 2, [N]), 2, -1), (x) => x ** 3],
    wald: [
      () => random.wald(key, 1.5, [N]),
      (x) => {
        const root = sqrt(1 / x);
        return phi(root * (x / 1.5 - 1)) + exp(2 / 1.5) * phi(-root * (x / 1.5 + 1));
      },
    ],
    "dirichlet's first corner": [
      () => tf.slice(random.dirichlet(key, [1, 1, 1], [N]), [0, 0], [N, 1]),
      (x) => 1 - (1 - x) ** 2,
    ],
  };
  it.each(Object.entries(cases))("%s", (_name, [draw, cdf]) => {
    const statistic = kolmogorovSmirnov(draw().dataSync(), cdf);
    expect(statistic).toBeGreaterThan(0.2);
    expect(statistic).toBeLessThan(1.95);
  });
});

/** Pearson's statistic minus its degrees of freedom, in standard deviations. */
function chiSquare(counts: readonly number[], chances: readonly number[]): number {
  const total = counts.reduce((a, b) => a + b, 0);
  let statistic = 0;
  counts.forEach((count, i) => {
    statistic += (count - total * chances[i]!) ** 2 / (total * chances[i]!);
  });
  const degrees = counts.length - 1;
  return (statistic - degrees) / sqrt(2 * degrees);
}

function countsOf(values: ArrayLike<number>, kinds: number, from = 0): number[] {
  const counts = new Array<number>(kinds).fill(0);
  for (const value of Array.from(values)) counts[Math.min(kinds - 1, value - from)]!++;
  return counts;
}

const factorial = (k: number): number => (k < 2 ? 1 : k * factorial(k - 1));
const poissonChance = (rate: number, k: number): number => (exp(-rate) * rate ** k) / factorial(k);
const binomialChance = (n: number, p: number, k: number): number =>
  (factorial(n) / factorial(k) / factorial(n - k)) * p ** k * (1 - p) ** (n - k);
/** The probabilities of 0 … kinds - 2, and of everything larger. */
const withTail = (kinds: number, chance: (k: number) => number): number[] => {
  const chances = Array.from({ length: kinds - 1 }, (_, k) => chance(k));
  return [...chances, 1 - chances.reduce((a, b) => a + b, 0)];
};

describe("discrete distributions (chi-square)", () => {
  const p = [0.1, 0.2, 0.3, 0.4];
  const logits = p.map(log);
  const cases: Record<
    string,
    readonly [draw: () => ArrayLike<number>, chances: readonly number[], from?: number]
  > = {
    bernoulli: [() => random.bernoulli(key, 0.3, [N]).dataSync(), [0.7, 0.3]],
    "bernoulli, high": [() => random.bernoulli(key, 0.3, [N], { mode: "high" }).dataSync(), [0.7, 0.3]],
    randint: [() => random.randint(key, [N], 5, 12).dataSync(), new Array<number>(7).fill(1 / 7), 5],
    rademacher: [
      () =>
        random
          .rademacher(key, [N])
          .dataSync()
          .map((x) => (x + 1) / 2),
      [0.5, 0.5],
    ],
    "choice with p": [() => random.choice(key, 4, [N], { p }).dataSync(), p],
    "choice without replacement, the first": [
      () =>
        random
          .choice(random.split(key, N), 4, [2], { replace: false, p })
          .dataSync()
          .filter((_, i) => i % 2 === 0),
      p,
    ],
    "permutation, where 0 goes": [
      () => {
        const all = random.permutation(random.split(key, N), 5).dataSync();
        return Array.from({ length: N }, (_, i) => all.subarray(5 * i, 5 * i + 5).indexOf(0));
      },
      new Array<number>(5).fill(0.2),
    ],
    categorical: [() => random.categorical(key, logits, { shape: [N] }).dataSync(), p],
    "categorical without replacement, the first": [
      () =>
        random
          .categorical(random.split(key, N), logits, { shape: [2], replace: false })
          .dataSync()
          .filter((_, i) => i % 2 === 0),
      p,
    ],
    "poisson of 3": [() => random.poisson(key, 3, [N]).dataSync(), withTail(9, (k) => poissonChance(3, k))],
    "poisson of 20, from 12": [
      () =>
        random
          .poisson(key, 20, [N])
          .dataSync()
          .map((x) => Math.max(11, x)),
      [
        Array.from({ length: 12 }, (_, k) => poissonChance(20, k)).reduce((a, b) => a + b),
        ...withTail(20, (k) => poissonChance(20, k + 12)).slice(0, -1),
        1 - Array.from({ length: 31 }, (_, k) => poissonChance(20, k)).reduce((a, b) => a + b),
      ],
      11,
    ],
    "binomial of 10": [
      () => random.binomial(key, 10, 0.35, [N]).dataSync(),
      withTail(9, (k) => binomialChance(10, 0.35, k)),
    ],
    "binomial of 60, by rejection": [
      () =>
        random
          .binomial(key, 60, 0.7, [N])
          .dataSync()
          .map((x) => Math.max(34, x)),
      [
        Array.from({ length: 35 }, (_, k) => binomialChance(60, 0.7, k)).reduce((a, b) => a + b),
        ...Array.from({ length: 15 }, (_, k) => binomialChance(60, 0.7, k + 35)),
        Array.from({ length: 11 }, (_, k) => binomialChance(60, 0.7, k + 50)).reduce((a, b) => a + b),
      ],
      34,
    ],
    geometric: [() => random.geometric(key, 0.4, [N]).dataSync(), withTail(8, (k) => 0.4 * 0.6 ** k), 1],
    "multinomial, the second": [
      () =>
        random
          .multinomial(key, 8, p, [N, 4])
          .dataSync()
          .filter((_, i) => i % 4 === 1),
      withTail(6, (k) => binomialChance(8, 0.2, k)),
    ],
  };
  it.each(Object.entries(cases))("%s", (_name, [draw, chances, from = 0]) => {
    expect(chances.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    expect(chiSquare(countsOf(draw(), chances.length, from), chances)).toBeLessThan(4);
  });
});

describe("vectors and matrices", () => {
  it("multivariateNormal has its mean and covariance, by every method", () => {
    const mean = [1, -2];
    const cov = tf.tensor2d([
      [2, 0.6],
      [0.6, 0.5],
    ]);
    for (const method of ["cholesky", "eigh", "svd"] as const) {
      const x = random.multivariateNormal(key, mean, cov, [20_000], { method });
      const centred = tf.sub(x, tf.tensor1d(mean));
      const found = tf.div(tf.matMul(tf.transpose(centred), centred), 20_000).dataSync();
      [...cov.dataSync()].forEach((value, i) => {
        expect(abs(found[i]! - value), method).toBeLessThan(0.05);
      });
      expect(abs(tf.mean(centred).dataSync()[0]!)).toBeLessThan(0.03);
    }
  });

  it("orthogonal gives orthonormal columns, or rows where there are fewer", () => {
    for (const [n, m] of [
      [5, 5],
      [6, 2],
      [2, 6],
      [1, 1],
    ] as const) {
      const q = tf.reshape(random.orthogonal(key, n, [], { m }), [n, m]) as tf.Tensor2D;
      const gram = n >= m ? tf.matMul(q, q, true, false) : tf.matMul(q, q, false, true);
      const difference = tf.max(tf.abs(tf.sub(gram, tf.eye(Math.min(n, m))))).dataSync()[0]!;
      expect(difference).toBeLessThan(1e-6);
    }
  });

  it("a sample of multinomial sums to the number of trials", () => {
    const sums = tf.sum(random.multinomial(key, 37, [0.2, 0.5, 0.3], [200, 3]), -1).dataSync();
    expect(new Set(sums)).toEqual(new Set([37]));
  });
});
