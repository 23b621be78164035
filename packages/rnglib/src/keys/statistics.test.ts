/**
 * @file Sanity statistics with fixed seeds. Nothing here is random; a failure means that the
 * numbers changed.
 */
import { describe, expect, it } from "vitest";
import {
  bernoulli,
  bits,
  foldIn,
  key,
  keyData,
  normal,
  randint,
  split,
  truncatedNormal,
  uniform,
} from "./index.ts";

const N = 100_000;
/** A fair sample exceeds this value once in a thousand times. */
const KS_LIMIT = 1.95 / Math.sqrt(N);
const chiSquareLimit = (freedom: number): number => {
  const c = 2 / (9 * freedom);
  return freedom * (1 - c + 3.09 * Math.sqrt(c)) ** 3; // Wilson and Hilferty
};

function chiSquare(counts: readonly number[], expected: number): number {
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** The Kolmogorov–Smirnov distance between a sample and a distribution function. */
function ksDistance(sample: Float32Array, cdf: (x: number) => number): number {
  const sorted = Float32Array.from(sample).sort();
  let most = 0;
  sorted.forEach((x, i) => {
    const p = cdf(x);
    most = Math.max(most, p - i / sorted.length, (i + 1) / sorted.length - p);
  });
  return most;
}

/**
 * The normal distribution function, by its series and continued fraction. It shares nothing with
 * the code under test.
 */
function normalCdf(x: number): number {
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (Math.abs(x) < 3) {
    let term = x;
    let sum = x;
    for (let k = 3; k < 80; k += 2) {
      term *= (x * x) / k;
      sum += term;
    }
    return 0.5 + density * sum;
  }
  let fraction = Math.abs(x);
  for (let k = 40; k > 0; k--) fraction = Math.abs(x) + k / fraction;
  return x > 0 ? 1 - density / fraction : density / fraction;
}

const moments = (sample: Float32Array) => {
  const mean = sample.reduce((sum, x) => sum + x, 0) / sample.length;
  const variance = sample.reduce((sum, x) => sum + (x - mean) ** 2, 0) / sample.length;
  return { mean, variance };
};

describe.each([0, 1, 1701])("with seed %i", (seed) => {
  const k = key(seed);

  it("each of the 32 bits is set half of the time", () => {
    const words = bits(k, N);
    for (let bit = 0; bit < 32; bit++) {
      const ones = words.reduce((sum, word) => sum + ((word >>> bit) & 1), 0);
      expect(Math.abs(ones - N / 2)).toBeLessThan(4 * Math.sqrt(N / 4));
    }
  });

  it("bytes are equally frequent (chi-square)", () => {
    const counts = new Array<number>(256).fill(0);
    for (const byte of bits(k, N, { width: 8 })) counts[byte]!++;
    expect(chiSquare(counts, N / 256)).toBeLessThan(chiSquareLimit(255));
  });

  it("uniform is uniform (Kolmogorov–Smirnov)", () => {
    expect(ksDistance(uniform(k, N), (x) => x)).toBeLessThan(KS_LIMIT);
    expect(ksDistance(uniform(k, N, { minval: -3, maxval: 5 }), (x) => (x + 3) / 8)).toBeLessThan(KS_LIMIT);
  });

  it("successive uniforms are independent (chi-square over pairs)", () => {
    const u = uniform(k, N);
    const counts = new Array<number>(100).fill(0);
    for (let i = 0; i < N; i += 2) counts[Math.floor(u[i]! * 10) * 10 + Math.floor(u[i + 1]! * 10)]!++;
    expect(chiSquare(counts, N / 200)).toBeLessThan(chiSquareLimit(99));
  });

  it("normal is standard normal (Kolmogorov–Smirnov, mean, variance)", () => {
    const x = normal(k, N);
    expect(ksDistance(x, normalCdf)).toBeLessThan(KS_LIMIT);
    expect(Math.abs(moments(x).mean)).toBeLessThan(4 / Math.sqrt(N));
    expect(Math.abs(moments(x).variance - 1)).toBeLessThan(4 * Math.sqrt(2 / N));
  });

  it("truncatedNormal is a normal cut off (Kolmogorov–Smirnov)", () => {
    const [low, high] = [normalCdf(-1), normalCdf(2)];
    const cdf = (x: number) => (normalCdf(x) - low) / (high - low);
    expect(ksDistance(truncatedNormal(k, -1, 2, N), cdf)).toBeLessThan(KS_LIMIT);
  });

  it.each([0.01, 0.25, 0.9])("bernoulli(%d) has its mean in both modes", (p) => {
    for (const mode of ["low", "high"] as const) {
      const ones = bernoulli(k, p, N, { mode }).reduce((sum, bit) => sum + bit, 0);
      expect(Math.abs(ones - N * p)).toBeLessThan(4 * Math.sqrt(N * p * (1 - p)));
    }
  });

  it("randint is uniform over its range (chi-square)", () => {
    const counts = new Array<number>(37).fill(0);
    for (const x of randint(k, N, -5, 32)) counts[x + 5]!++;
    expect(chiSquare(counts, N / 37)).toBeLessThan(chiSquareLimit(36));
  });

  it("first draws of sibling keys are uniform and not correlated (Kolmogorov–Smirnov)", () => {
    const siblings = uniform(split(k, N), 1);
    expect(ksDistance(siblings, (x) => x)).toBeLessThan(KS_LIMIT);
    const { mean, variance } = moments(siblings);
    let covariance = 0;
    for (let i = 1; i < N; i++) covariance += ((siblings[i]! - mean) * (siblings[i - 1]! - mean)) / N;
    expect(Math.abs(covariance / variance)).toBeLessThan(4 / Math.sqrt(N));
  });

  it("the words of folded keys are uniform (chi-square)", () => {
    const counts = new Array<number>(64).fill(0);
    for (let i = 0; i < 20000; i++) for (const word of keyData(foldIn(k, i))) counts[word >>> 26]!++;
    expect(chiSquare(counts, 40000 / 64)).toBeLessThan(chiSquareLimit(63));
  });
});
