import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels } from "../mend-kernels.ts";
import { functionsOver } from "./module.ts";
import { productModule } from "./product.generated.ts";
import { sparseModule } from "./sparse.generated.ts";
import { zeros } from "./zeros.ts";

/** Numbers of both signs, each of which is 0 or -0 with this chance. */
function numbers(count: number, chance: number, seed: number): Float32Array {
  let state = seed;
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  return Float32Array.from({ length: count }, () => {
    const value = 4 * next() - 2;
    return next() < chance ? 0 * value : value;
  });
}

const turned = (x: Float32Array, rows: number, columns: number): Float32Array =>
  Float32Array.from(x, (_, i) => x[(i % rows) * columns + Math.floor(i / rows)]!);

interface Ends {
  readonly bias?: Float32Array;
  readonly isClamped?: boolean;
}

/** `a @ b`, every number by every number, as the kernels add: in blocks of at most 512 products. */
function everyProduct(
  a: Float32Array,
  b: Float32Array,
  [m, k, n]: readonly [number, number, number],
  { bias, isClamped = false }: Ends = {},
): Float32Array {
  const block = Math.ceil(k / Math.ceil(k / 512));
  const result = new Float32Array(m * n);
  const sums = new Float32Array(n);
  for (let i = 0; i < m; i++) {
    for (let from = 0; from < k; from += block) {
      sums.fill(0);
      for (let l = from; l < Math.min(k, from + block); l++)
        for (let j = 0; j < n; j++) sums[j]! += Math.fround(a[i * k + l]! * b[l * n + j]!);
      for (let j = 0; j < n; j++) result[i * n + j] = from === 0 ? sums[j]! : result[i * n + j]! + sums[j]!;
    }
    for (let j = 0; bias && j < n; j++) result[i * n + j]! += bias[j]!;
    for (let j = 0; isClamped && j < n; j++) if (result[i * n + j]! < 0) result[i * n + j] = 0;
  }
  return result;
}

const bitsOf = (x: ArrayLike<number>): Int32Array => new Int32Array(Float32Array.from(x).buffer);
/** The place of the first bits that differ, or -1. */
function difference(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const [p, q] = [bitsOf(x), bitsOf(y)];
  return p.findIndex((word, i) => word !== q[i]);
}

const sizes = [
  [128, 256, 64],
  [64, 700, 80],
  [784, 32, 96],
  [100, 100, 210],
  [130, 130, 136],
  [256, 16, 520],
] as const;
/** How many of the numbers of a and of b are zeros. */
const shares = [
  [0.75, 0],
  [0, 0.75],
  [0.75, 0.6],
  [0.3, 0.9],
  [1, 0],
] as const;

onEachBackend("products of many zeros", () => {
  beforeAll(() => mendKernels());

  it.each(sizes)("have the bits of those that leave nothing out: %i × %i × %i", (...size) => {
    const [m, k, n] = size;
    for (const [ofA, ofB] of shares) {
      const [a, b] = [numbers(m * k, ofA, 1), numbers(k * n, ofB, 2)];
      const wanted = everyProduct(a, b, size);
      for (const transposeA of [false, true])
        for (const transposeB of [false, true])
          tf.tidy(() => {
            const x = tf.tensor(transposeA ? turned(a, m, k) : a, transposeA ? [k, m] : [m, k]);
            const y = tf.tensor(transposeB ? turned(b, k, n) : b, transposeB ? [n, k] : [k, n]);
            const got = tf.matMul(x, y, transposeA, transposeB).dataSync();
            expect([ofA, ofB, difference(got, wanted)]).toEqual([ofA, ofB, -1]);
          });
    }
  });

  it.each([
    [0.75, 0],
    [0, 0.75],
  ])("take a bias and bounds: %d, %d", (ofA, ofB) => {
    const size = [144, 600, 68] as const;
    const [m, k, n] = size;
    const [a, b, bias] = [numbers(m * k, ofA, 3), numbers(k * n, ofB, 4), numbers(n, 0, 5)];
    tf.tidy(() => {
      const y = tf.fused.matMul({
        a: tf.tensor2d(a, [m, k]),
        b: tf.tensor2d(b, [k, n]),
        bias: tf.tensor1d(bias),
        activation: "relu",
      });
      expect(difference(y.dataSync(), everyProduct(a, b, size, { bias, isClamped: true }))).toBe(-1);
    });
  });

  it("are computed for each matrix of a batch", () => {
    const size = [64, 256, 128] as const;
    const [m, k, n] = size;
    const left = [0, 0.8, 0.8].map((chance, i) => numbers(m * k, chance, 6 + i));
    const right = [0.8, 0, 0.8].map((chance, i) => numbers(k * n, chance, 9 + i));
    const stacked = (all: Float32Array[]): number[] => all.flatMap((each) => [...each]);
    tf.tidy(() => {
      const a = tf.tensor3d(stacked(left), [3, m, k]);
      const b = tf.tensor3d(stacked(right), [3, k, n]);
      const wanted = left.map((each, i) => everyProduct(each, right[i]!, size));
      expect(difference(tf.matMul(a, b).dataSync(), stacked(wanted))).toBe(-1);
      const shared = left.map((each) => everyProduct(each, right[0]!, size));
      const one = tf.tensor2d(right[0]!, [k, n]);
      expect(difference(tf.matMul(a, tf.expandDims(one, 0)).dataSync(), stacked(shared))).toBe(-1);
    });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "are NaN where a zero meets %d",
    (special) => {
      const size = [64, 128, 256] as const;
      const [m, k, n] = size;
      for (const [ofA, ofB] of shares)
        for (const isLeft of [false, true])
          tf.tidy(() => {
            const [a, b] = [numbers(m * k, ofA, 7), numbers(k * n, ofB, 8)];
            if (isLeft) a[m * k - 1] = special;
            else b[k * n - 1] = special;
            const got = tf.matMul(tf.tensor2d(a, [m, k]), tf.tensor2d(b, [k, n])).dataSync();
            const wanted = everyProduct(a, b, size);
            // Which NaN it is does not matter.
            const isOther = (x: number, i: number): boolean => !Object.is(x, wanted[i]);
            expect(got.findIndex(isOther)).toBe(-1);
          });
    },
  );
});

describe("the kernel of zeros", () => {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536 });
  const floats = new Float32Array(memory.buffer);
  const integers = new Int32Array(memory.buffer);
  const [a, b, left, right, out, free] = [0, 1, 2, 3, 4, 5].map((i) => i * 2 ** 19) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const packing = functionsOver(productModule, memory)!;
  const { sparse } = functionsOver(sparseModule, memory)!;
  const [m, k, n] = [64, 40, 80];

  /** How many columns and rows are done of a product with so many zeros. */
  function done(ofA: number, ofB: number, change?: () => void): number[] {
    floats.set(numbers(m * k, ofA, 1), out / 4);
    packing.pack4(out, a, m, k, 4 * k, 4);
    floats.set(numbers(k * n, ofB, 2), out / 4);
    packing.pack8(out, b, n, k, 4, 4 * n);
    change?.();
    sparse(a, b, k, out, 4 * n, m, n, 0, 0, 0, left, right, 3, free + 64, free);
    return [...integers.subarray(free / 4, free / 4 + 2)];
  }

  it("lists the rows or the columns that have many", () => {
    expect(done(0.75, 0)).toEqual([n, 0]);
    expect(done(0, 0.75)).toEqual([0, m]);
    expect(done(0.75, 0.75)).toEqual([n, 0]);
    expect(done(0, 0)).toEqual([0, 0]);
    expect(done(0.1, 0.1)).toEqual([0, 0]);
  });

  it("leaves none out beside what is not finite", () => {
    const infinite = (): void => void (floats[b / 4 + 5] = Number.POSITIVE_INFINITY);
    expect(done(0.75, 0, infinite)).toEqual([0, 0]);
    // A number of a list may be anything.
    expect(done(0, 0.75, infinite)).toEqual([0, m]);
  });

  it("writes no more than its lists may have", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 30 }).map((panels) => 4 * panels),
        fc.integer({ min: 1, max: 90 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (rows, length, chance) => {
          const from = zeros.placesOf(
            { rows: 1e4, inner: 1e4, columns: 1e4 },
            { rows, inner: length, columns: 8 },
            0,
          )!;
          floats.set(numbers(rows * length, chance, rows), out / 4);
          packing.pack4(out, a, rows, length, 4 * length, 4);
          floats.fill(1, b / 4, b / 4 + 64 * length);
          floats.fill(7, left / 4, right / 4);
          sparse(a, b, length, out, 64, rows, 16, 0, 0, 0, left, right, 3, free + 64, free);
          expect(floats.subarray((left + from.right) / 4, right / 4).every((x) => x === 7)).toBe(true);
        },
      ),
      { numRuns: 100, seed: 3 },
    );
  });
});
