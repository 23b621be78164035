import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels } from "../mend-kernels.ts";
import { normalizeBackOf, normalizeOf } from "../ops/normalize.ts";
import { broadcast } from "../quick/broadcasting.ts";
import { useWasmKernels } from "../wasm/module.ts";
import { layNorm } from "./norm-layout.ts";
import { normalizeBackLoop, normalizeLoop } from "./norm-loops.ts";
import type { NormAttrs } from "./norm-layout.ts";

function random(size: number, seed: number): Float32Array {
  let state = seed + 7;
  const next = (): number => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state / 2 ** 31;
  };
  return Float32Array.from({ length: size }, () => 4 * next() - 1);
}

/** outer, rows, groups, size, and whether scale and bias are by group. */
const LAYOUTS = [
  [1, 1, 1, 1, false],
  [5, 1, 1, 7, false],
  [300, 1, 1, 33, false],
  [2, 1, 1, 3000, false],
  [3, 1, 4, 6, false],
  [3, 1, 4, 6, true],
  [1, 200, 16, 1, false],
  [1, 70, 3, 1, false],
  [2, 9, 5, 1, false],
  [2, 9, 4, 2, false],
  [2, 9, 4, 6, true],
  [1, 1000, 1, 2, false],
] as const;

const KINDS = [
  { usesMean: true, isFast: true },
  { usesMean: true, isFast: false },
  { usesMean: false, isFast: true },
];

function expectNear(actual: tf.Tensor, wanted: Float32Array, terms: number): void {
  const values = actual.dataSync();
  expect(values.length).toBe(wanted.length);
  for (const [i, value] of values.entries()) {
    const want = wanted[i]!;
    if (!(Math.abs(value - want) <= 2e-6 * Math.max(terms, Math.abs(want))))
      expect.fail(`[${i}]: expected ${want}, got ${value}`);
  }
}

onEachBackend("normalisation", () => {
  beforeAll(() => mendKernels());
  afterEach(() => useWasmKernels(true));

  describe.each(KINDS)("%o", (kind) => {
    it.each(LAYOUTS)("of %i × %i × %i × %i agrees with float64", (outer, rows, groups, size, byGroup) => {
      const attrs: NormAttrs = {
        outer,
        rows,
        groups,
        size,
        byGroup,
        epsilon: 1e-3,
        withMoments: true,
        ...kind,
      };
      const count = outer * rows * groups * size;
      const vector = byGroup ? groups : groups * size;
      const [x, dy] = [random(count, 1), random(count, 2)];
      const before = [tf.memory().numTensors, tf.backend().numDataIds()];
      for (const has of [true, false]) {
        const [scale, bias] = has ? [random(vector, 3), random(vector, 4)] : [undefined, undefined];
        tf.tidy(() => {
          const [y, dx] = [new Float32Array(count), new Float32Array(count)];
          const [mean, variance] = [new Float32Array(outer * groups), new Float32Array(outer * groups)];
          const [dScale, dBias] = [new Float32Array(vector), new Float32Array(vector)];
          normalizeLoop(x, scale, bias, attrs, y, mean, variance);
          normalizeBackLoop(x, dy, scale, attrs, dx, dScale, dBias);
          const of = (values: Float32Array | undefined): tf.Tensor | null =>
            values ? tf.tensor1d(values) : null;
          const forward = normalizeOf(of(x)!, of(scale), of(bias), attrs)!;
          // What is averaged of two or so numbers loses what they have in common.
          for (const [i, wanted] of [y, mean, variance].entries()) expectNear(forward[i]!, wanted, 10);
          const back = normalizeBackOf(of(x)!, of(dy)!, of(scale), attrs)!;
          const terms = [30, 3 * Math.sqrt(outer * rows) + 10, 3 * Math.sqrt(outer * rows) + 10];
          for (const [i, wanted] of [dx, dScale, dBias].entries()) expectNear(back[i]!, wanted, terms[i]!);
        });
      }
      expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
    });
  });

  it.each([true, false])("hands on NaN and infinities to their group alone (WebAssembly: %s)", (on) => {
    useWasmKernels(on);
    const attrs = { epsilon: 1e-3, withMoments: false, byGroup: false, usesMean: true, isFast: true };
    const values = [1, 2, Number.NaN, 3, 4, 5, 6, Number.POSITIVE_INFINITY, 7, 8, 9, 10];
    const [rows] = normalizeOf(tf.tensor1d(values), null, null, {
      ...attrs,
      outer: 4,
      rows: 1,
      groups: 1,
      size: 3,
    })!;
    expect([...rows!.dataSync()].map(Number.isNaN)).toEqual(
      [0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0].map(Boolean).map((each, i) => each || i < 3),
    );
    const [columns] = normalizeOf(tf.tensor1d(values), null, null, {
      ...attrs,
      outer: 1,
      rows: 3,
      groups: 4,
      size: 1,
    })!;
    expect([...columns!.dataSync()].map(Number.isNaN)).toEqual(values.map((_, i) => i % 4 >= 2));
  });
});

describe("the layout of a normalisation", () => {
  const of = (kinds: string, hasVectors = true) =>
    layNorm(
      // k is kept, f kept and a feature, r reduced, b reduced and a feature.
      kinds.split("").map((kind, i) => ({
        size: i + 2,
        isReduced: kind === "r" || kind === "b",
        isFeature: kind === "f" || kind === "b",
      })),
      hasVectors,
    );

  it("is found for the axes of the layers", () => {
    expect(of("kkb")).toEqual({ layout: { outer: 6, rows: 1, groups: 1, size: 4 }, byGroup: false });
    expect(of("rrrf")).toEqual({ layout: { outer: 1, rows: 24, groups: 5, size: 1 }, byGroup: false });
    expect(of("rfrr")).toEqual({ layout: { outer: 1, rows: 2, groups: 3, size: 20 }, byGroup: true });
    expect(of("krrf")).toEqual({ layout: { outer: 2, rows: 12, groups: 5, size: 1 }, byGroup: false });
    expect(of("krrfb")).toEqual({ layout: { outer: 2, rows: 12, groups: 5, size: 6 }, byGroup: false });
    expect(of("krrb")).toEqual({ layout: { outer: 2, rows: 12, groups: 1, size: 5 }, byGroup: false });
    expect(of("krk", false)).toEqual({ layout: { outer: 2, rows: 3, groups: 4, size: 1 }, byGroup: false });
  });

  it("is not found for axes in another order", () => {
    for (const kinds of ["rk", "fk", "bf", "bk", "rfrb", "frf", "krkb"])
      expect(of(kinds), kinds).toBeUndefined();
  });
});

onEachBackend("broadcasting", () => {
  beforeAll(() => mendKernels());

  it.each([
    [[], [3, 5]],
    [
      [1, 5],
      [70, 5],
    ],
    [
      [3, 1],
      [3, 9],
    ],
    [
      [2, 1, 1, 3],
      [2, 4, 5, 3],
    ],
    [
      [2, 1, 3, 1],
      [2, 4, 3, 5],
    ],
    [[3], [0, 3]],
  ])("repeats [%s] up to [%s]", (from, to) => {
    const x = tf.tensor(random(tf.util.sizeFromShape(from), 5), from as number[]);
    const y = broadcast(x, to);
    expect(y.shape).toEqual(to);
    const wanted = to.includes(0) ? [] : [...tf.add(tf.zeros(to), x).dataSync()];
    expect([...y.dataSync()]).toEqual(wanted);
  });
});
