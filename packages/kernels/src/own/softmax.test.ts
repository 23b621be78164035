import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels } from "../mend-kernels.ts";
import {
  entropyBackOf,
  entropyOf,
  labelEntropyBackOf,
  labelEntropyOf,
  logSoftmaxBackOf,
  logSoftmaxOf,
  logSumExpBackOf,
  logSumExpOf,
  softmaxBackOf,
} from "../ops/softmax.ts";
import { useWasmKernels } from "../wasm/module.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const SIZES = [
  [1, 1],
  [3, 2],
  [2, 4],
  [5, 7],
  [4, 10],
  [3, 33],
  [2, 1030],
  [1, 5000],
] as const;

/** Numbers in [-1, 1) times a factor, with some others among them. */
function random(size: number, seed: number, factor = 1, special: readonly number[] = []): Float32Array {
  let state = seed + 7;
  const next = (): number => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state / 2 ** 31;
  };
  return Float32Array.from({ length: size }, () =>
    special.length > 0 && next() < 0.1
      ? special[Math.floor(next() * special.length)]!
      : factor * (2 * next() - 1),
  );
}

/** Each row of an array. */
const rowsOf = (x: Float32Array, length: number): number[][] =>
  Array.from({ length: x.length / length }, (_, row) => [...x.subarray(row * length, (row + 1) * length)]);

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const largest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(b, a), -inf);
const powers = (x: readonly number[], shift = largest(x)): number[] =>
  x.map((value) => Math.exp(value - shift));
const softmax = (x: readonly number[]): number[] => {
  const terms = powers(x);
  const total = sum(terms);
  return terms.map((power) => power / total);
};
const logSum = (x: readonly number[]): number => {
  const shift = Number.isFinite(largest(x)) ? largest(x) : 0;
  return Math.log(sum(powers(x, shift))) + shift;
};

/** Equal but for rounding, which is relative to the size of the terms. */
function expectNear(
  actual: tf.Tensor | undefined,
  wanted: readonly number[],
  terms = 1,
  within = 4e-7,
): void {
  const values = [...actual!.dataSync()];
  expect(values.length).toBe(wanted.length);
  for (const [i, value] of values.entries()) {
    const want = Math.fround(wanted[i]!);
    const near = Math.abs(value - want) <= within * Math.max(terms, Math.abs(want));
    if (!(Object.is(value, want) || value === want || near))
      expect.fail(`[${i}]: expected ${want}, got ${value}`);
  }
}

onEachBackend("kernels of rows", () => {
  beforeAll(() => mendKernels());
  afterEach(() => useWasmKernels(true));

  describe.each([true, false])("by WebAssembly: %s", (on) => {
    it("agree with float64, and leave nothing behind", () => {
      useWasmKernels(on);
      const before = [tf.memory().numTensors, tf.backend().numDataIds()];
      for (const [seed, [count, length]] of SIZES.entries()) {
        tf.tidy(() => {
          const [x, g] = [random(count * length, seed, 20), random(count * length, seed + 1)];
          const shares = random(count * length, seed + 2).map((value) => (value > 0.2 ? value : 0));
          const dy = random(count, seed + 3);
          const ids = Int32Array.from({ length: count }, (_, i) => (i * 5) % length);
          const shape: [number, number] = [count, length];
          const [tx, tg, ts] = [x, g, shares].map((each) => tf.tensor2d(each, shape)) as [
            tf.Tensor2D,
            tf.Tensor2D,
            tf.Tensor2D,
          ];
          const [tdy, tids] = [tf.tensor1d(dy), tf.tensor1d(ids, "int32")];
          const rows = rowsOf(x, length);
          const [slopes, labels] = [rowsOf(g, length), rowsOf(shares, length)];
          const logs = rows.map((row) => {
            const total = logSum(row);
            return row.map((value) => value - total);
          });
          const [slopeSums, labelSums] = [slopes.map(sum), labels.map(sum)];

          // The difference to the largest number is rounded, which a power of e makes a relative error.
          expectNear(tf.softmax(tx), rows.flatMap(softmax), 0, 3e-6);
          expectNear(logSoftmaxOf(tx, length), logs.flat());
          expectNear(logSumExpOf(tx, length), rows.map(logSum));
          expectNear(
            logSumExpBackOf(tx, tdy, length),
            rows.flatMap((row, r) => softmax(row).map((p) => p * dy[r]!)),
          );
          const y = tf.softmax(tx);
          const ys = rowsOf(y.dataSync() as Float32Array, length);
          expectNear(
            softmaxBackOf(y, tg, length),
            ys.flatMap((row, r) => {
              const mean = sum(row.map((p, i) => p * slopes[r]![i]!));
              return row.map((p, i) => p * (slopes[r]![i]! - mean));
            }),
          );
          const z = logSoftmaxOf(tx, length)!;
          const zs = rowsOf(z.dataSync() as Float32Array, length);
          expectNear(
            logSoftmaxBackOf(z, tg, length),
            zs.flatMap((row, r) => row.map((p, i) => slopes[r]![i]! - Math.exp(p) * slopeSums[r]!)),
            Math.sqrt(length),
          );
          expectNear(
            labelEntropyOf(tx, tids),
            logs.map((row, r) => -row[ids[r]!]!),
            40,
          );
          expectNear(
            labelEntropyBackOf(tx, tids, tdy),
            rows.flatMap((row, r) => softmax(row).map((p, i) => dy[r]! * (p - +(i === ids[r]!)))),
          );
          expectNear(
            entropyOf(tx, ts, false),
            logs.map((row, r) => -sum(row.map((log, i) => log * labels[r]![i]!))),
            40,
          );
          expectNear(
            entropyBackOf(tx, ts, tdy),
            rows.flatMap((row, r) =>
              softmax(row).map((p, i) => dy[r]! * (p * labelSums[r]! - labels[r]![i]!)),
            ),
            Math.sqrt(length),
          );
        });
      }
      expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
    });

    it("have JAX's infinities and NaN", () => {
      useWasmKernels(on);
      const values = (x: tf.Tensor | undefined): number[] => [...x!.dataSync()];
      const rows = (...x: number[][]): tf.Tensor2D => tf.tensor2d(x);
      const x = rows(
        [-inf, -inf, -inf, -inf, -inf],
        [inf, 0, 1, 2, 100],
        [nan, inf, 0, 0, 0],
        [0, -inf, 0, -inf, 0],
      );
      expect(values(logSumExpOf(x, 5))).toEqual([-inf, inf, nan, expect.closeTo(Math.log(3))]);
      expect(values(logSoftmaxOf(x, 5)).slice(0, 15)).toEqual(Array<number>(15).fill(nan));
      expect(values(logSoftmaxOf(x, 5)).slice(15)).toEqual(
        [-Math.log(3), -inf, -Math.log(3), -inf, -Math.log(3)].map((y) =>
          y === -inf ? y : expect.closeTo(y),
        ),
      );
      expect(values(tf.softmax(x)).slice(0, 15)).toEqual(Array<number>(15).fill(nan));
      const ids = tf.tensor1d([1, 1, 1, 1], "int32");
      expect(values(labelEntropyOf(x, ids))).toEqual([nan, inf, nan, inf]);
      const slopes = tf.ones([4]) as tf.Tensor1D;
      const back = values(labelEntropyBackOf(x, tf.zeros([4], "int32"), slopes));
      expect(back.slice(5, 10)).toEqual([nan, 0, 0, 0, 0]);
      // A label of 0 times an infinite logarithm.
      const labels = rows(...Array.from({ length: 4 }, () => [1, 0, 0, 0, 0]));
      expect(values(entropyOf(x, labels, false))[3]).toBe(nan);
      expect(values(entropyOf(x, labels, true))[3]).toBeCloseTo(Math.log(3));
      // Labels that name no class.
      expect(values(labelEntropyOf(x, tf.tensor1d([-1, 5, 2 ** 30, 0], "int32"))).slice(0, 3)).toEqual([
        nan,
        nan,
        nan,
      ]);
      expect(values(labelEntropyBackOf(rows([0, 0]), tf.tensor1d([2], "int32"), tf.ones([1])))).toEqual([
        0.5, 0.5,
      ]);
    });

    it("take no elements", () => {
      useWasmKernels(on);
      expect(logSoftmaxOf(tf.zeros([0, 3]), 3)!.shape).toEqual([0, 3]);
      expect([...logSumExpOf(tf.zeros([2, 0]), 0)!.dataSync()]).toEqual([-inf, -inf]);
    });
  });

  it("have an exponential function that is at most 2 ulp off, subnormal results included", () => {
    // Beside a 0, the logarithm of the sum is 0, and the gradient is -e^x.
    const x = Float32Array.from({ length: 40_000 }, (_, i) => -i * 0.0026);
    const back = logSoftmaxBackOf(tf.tensor2d(x, [40_000, 1]), tf.ones([40_000, 1]), 1)!.dataSync();
    const pairs = tf.tensor2d(
      [...x].flatMap((value) => [0, value]),
      [40_000, 2],
    );
    const right = tf.zeros([40_000], "int32");
    const power = labelEntropyBackOf(pairs, right, tf.ones([40_000]))!.dataSync();
    const wrong = [...x].filter((value, i) => {
      const exact = Math.exp(value);
      const ulp = 2 ** Math.max(Math.floor(Math.log2(exact)) - 23, -149);
      // 1 - e^x, as far as float32 tells it.
      const isNear = Math.abs(back[i]! - (1 - exact)) <= 1.2e-7;
      return !isNear || (exact < 1e-8 && !(Math.abs(power[2 * i + 1]! - exact) <= 2 * ulp));
    });
    expect(wrong).toEqual([]);
  });
});
