import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readGolden } from "../../../../scripts/golden.ts";
import {
  type Decomposition,
  entropy,
  entropyDecomposition,
  maxProbabilityComplement,
  type Numbers,
  predictiveMean,
  regressionDecomposition,
  type SampleMoments,
  varianceDecomposition,
  zeroOneDecomposition,
} from "../index.ts";
import { collectMoments } from "../sampling/collector.ts";

type Parts = Readonly<Record<"total" | "aleatoric" | "epistemic", unknown>>;
interface Case {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly entropy: Parts;
  readonly variance: Parts;
  readonly zeroOne: Parts;
}
const golden = readGolden<{ decompositions: Record<string, Case> }>("uncertainty").decompositions;
const measures = {
  entropy: entropyDecomposition,
  variance: varianceDecomposition,
  zeroOne: zeroOneDecomposition,
} as const;
const PARTS = ["total", "aleatoric", "epistemic"] as const;
const flat = (nested: unknown): number[] =>
  Array.isArray(nested) ? nested.flatMap(flat) : [nested as number];

/** The moments that `sample` would keep of these samples. */
function momentsOf({ data, shape }: { data: ArrayLike<number>; shape: readonly number[] }): SampleMoments {
  const [count = 0, ...rest] = shape;
  const size = data.length / count;
  const collector = collectMoments(count, size, rest.at(-1) as number);
  for (let m = 0; m < count; m++) {
    collector.add(
      m,
      0,
      Float32Array.from({ length: size }, (_, i) => data[m * size + i] as number),
    );
  }
  return collector.finish(rest);
}

describe.each(Object.entries(golden))("decompositions of %s samples", (_name, reference) => {
  const { data, shape } = reference;
  const inputs: readonly (readonly [string, Numbers | SampleMoments])[] = [
    ["doubles", { data: Float64Array.from(data), shape }],
    ["floats", { data: Float32Array.from(data), shape }],
    ["a tensor", tf.tensor([...data], [...shape])],
    ["moments", momentsOf({ data, shape })],
  ];
  it.each(inputs)("equal a plain double-precision computation, from %s", (_kind, samples) => {
    for (const [name, decompose] of Object.entries(measures)) {
      const found: Decomposition = decompose(samples);
      const wanted = reference[name as keyof typeof measures];
      for (const part of PARTS) {
        const numbers = flat(wanted[part]);
        expect(found[part]).toHaveLength(numbers.length);
        for (const [i, value] of found[part].entries()) {
          expect(Math.abs(value - numbers[i]!)).toBeLessThan(1e-6);
          expect(value).toBeGreaterThanOrEqual(0);
        }
      }
    }
  });
});

/** Rows of probabilities as samples, some of them with zeros. */
const simplexes = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 2, max: 5 }))
  .chain(([m, b, k]) =>
    fc
      .array(
        fc.array(fc.oneof(fc.constant(0), fc.double({ min: 1e-12, max: 1, noNaN: true })), {
          minLength: k,
          maxLength: k,
        }),
        {
          minLength: m * b,
          maxLength: m * b,
        },
      )
      .map((rows) => ({
        shape: [m, b, k],
        data: rows.flatMap((row) => {
          const sum = row.reduce((a, v) => a + v, 0);
          return sum === 0 ? row.map((_, i) => (i === 0 ? 1 : 0)) : row.map((v) => v / sum);
        }),
      })),
  );

describe("decompositions", () => {
  it("have parts of at least 0 that add up to the total, from samples and from moments", () => {
    fc.assert(
      fc.property(simplexes, (samples) => {
        for (const decompose of Object.values(measures)) {
          for (const source of [samples, momentsOf(samples)]) {
            const { total, aleatoric, epistemic } = decompose(source);
            for (const i of total.keys()) {
              expect(aleatoric[i]).toBeGreaterThanOrEqual(0);
              expect(epistemic[i]).toBeGreaterThanOrEqual(0);
              expect(Math.abs(total[i]! - aleatoric[i]! - epistemic[i]!)).toBeLessThan(1e-6);
            }
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it("have no epistemic part when all passes agree", () => {
    const samples = { data: [0.7, 0.3, 0.7, 0.3, 0.7, 0.3], shape: [3, 1, 2] };
    for (const decompose of Object.values(measures))
      expect(decompose(samples).epistemic[0]).toBeLessThan(1e-15);
  });

  it("come in bits, and normalized", () => {
    const samples = { data: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], shape: [4, 1, 4] };
    expect(entropyDecomposition(samples, { base: 2 }).total[0]).toBeCloseTo(2, 12);
    expect(entropyDecomposition(momentsOf(samples), { base: 2 }).epistemic[0]).toBeCloseTo(2, 12);
    expect(entropyDecomposition(samples, { base: "normalize" }).epistemic[0]).toBeCloseTo(1, 12);
    expect(entropy({ data: [0.5, 0.5], shape: [1, 2] }, { base: 2 })[0]).toBeCloseTo(1, 12);
  });

  it("take the mean of probabilities, and the complement of its largest", () => {
    const mean = predictiveMean({ data: [0.9, 0.1, 0.5, 0.5], shape: [2, 1, 2] });
    expect([...mean.data].map((p) => Math.round(p * 1e9) / 1e9)).toEqual([0.7, 0.3]);
    expect(mean.shape).toEqual([1, 2]);
    expect(maxProbabilityComplement(mean)[0]).toBeCloseTo(0.3, 12);
  });

  it("stay finite where the mean of the smallest numbers rounds to 0", () => {
    const tiny = 5e-324;
    const samples = { data: [tiny, 1, 0, 1, 0, 1], shape: [3, 1, 2] };
    expect(entropyDecomposition(samples).epistemic[0]).toBe(0);
    expect(entropyDecomposition({ ...samples, data: [1e-310, 1, 0, 1, 0, 1] }).epistemic[0]).toBeLessThan(
      1e-300,
    );
  });

  it("of moments over NaN are NaN or refused, never 0", () => {
    const moments = momentsOf({ data: [Number.NaN, Number.NaN, 0.5, 0.5], shape: [2, 1, 2] });
    expect(moments.expectedEntropy).toEqual(Float64Array.of(Number.NaN));
    expect(() => entropyDecomposition(moments)).toThrow(/expected probabilities/);
    expect(varianceDecomposition(moments).epistemic[0]).toBeNaN();
  });

  it("split a regression's variance", () => {
    const means = { data: [1, 3], shape: [2, 1] };
    const variances = { data: [0.5, 1.5], shape: [2, 1] };
    expect(regressionDecomposition(means, variances)).toEqual({
      total: Float64Array.of(2),
      aleatoric: Float64Array.of(1),
      epistemic: Float64Array.of(1),
    });
  });

  const plain = (data: number[], shape: number[]) => ({ data, shape });
  it.each<[string, () => unknown, RegExp]>([
    [
      "logits",
      () => entropyDecomposition(plain([3, -1, 2, 0], [2, 1, 2])),
      /expected probabilities, got a row \(number 0\) that sums to 2/,
    ],
    ["NaN", () => varianceDecomposition(plain([Number.NaN, 1], [1, 1, 2])), /expected probabilities/],
    [
      "a class axis of size one",
      () => zeroOneDecomposition(plain([1, 1], [2, 1, 1])),
      /zeroOneDecomposition: expected at least two classes on the last axis.*pass \[1 - p, p\]/,
    ],
    ["a shape of another size", () => entropyDecomposition(plain([1, 0], [2, 2])), /whose shape fits/],
    [
      "no sample axis",
      () => entropyDecomposition(plain([1, 0], [2])),
      /expected the axes \[samples, ..., classes\].*shape \[2\]/,
    ],
    [
      "what has no numbers",
      () => entropy("x" as unknown as Numbers),
      /expected a tensor or \{ data, shape \}.*got "x"/,
    ],
    [
      "a base of 1",
      () => entropy(plain([1, 0], [2]), { base: 1 }),
      /expected a finite base above 1, or "normalize", got 1/,
    ],
    [
      "negative variances",
      () => regressionDecomposition(plain([1], [1]), plain([-1], [1])),
      /at least 0, got -1/,
    ],
    [
      "NaN means",
      () => regressionDecomposition(plain([1, Number.NaN], [2, 1]), plain([1, 1], [2, 1])),
      /expected finite means, got NaN at 1/,
    ],
    [
      "infinite means",
      () => regressionDecomposition(plain([Number.NEGATIVE_INFINITY, 1], [2, 1]), plain([1, 1], [2, 1])),
      /expected finite means, got -Infinity at 0/,
    ],
    [
      "NaN variances",
      () => regressionDecomposition(plain([1], [1]), plain([Number.NaN], [1])),
      /variances of at least 0, got NaN/,
    ],
    [
      "nothing",
      () => entropyDecomposition(null as unknown as Numbers),
      /entropyDecomposition: expected a tensor or \{ data, shape \} whose shape fits, got null/,
    ],
    [
      "a table without data",
      () => predictiveMean({ shape: [], data: undefined } as unknown as Numbers),
      /predictiveMean: expected a tensor or/,
    ],
    [
      "a table of text",
      () => predictiveMean({ shape: [1], data: ["1"] } as unknown as Numbers),
      /predictiveMean: expected a tensor or/,
    ],
    [
      "unlike shapes",
      () => regressionDecomposition(plain([1], [1]), plain([1, 1], [2])),
      /of one shape, got \[1\] and \[2\]/,
    ],
    [
      "moments of values",
      () => entropyDecomposition(collectMoments(1, 2, null).finish([1, 2])),
      /expected moments of probabilities, got moments of other values/,
    ],
    [
      "moments of values",
      () => varianceDecomposition(collectMoments(1, 2, null).finish([1, 2])),
      /moments of probabilities/,
    ],
    [
      "moments of values",
      () => zeroOneDecomposition(collectMoments(1, 2, null).finish([1, 2])),
      /moments of probabilities/,
    ],
  ])("refuse %s", (_what, run, message) => {
    expect(run).toThrow(message);
  });
});
