import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels } from "../mend-kernels.ts";
import { where } from "../ops/where.ts";
import { useWasmKernels } from "../wasm/module.ts";
import { rowsOf, rowSumsOf } from "./rows.ts";
import { selectOf } from "./select.ts";

type Dtype = "float32" | "int32" | "bool";

/** Random numbers from 0 to below 1, the same for every run. */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1e-42];
const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function tensorIn(shape: readonly number[], dtype: Dtype, random: () => number): tf.Tensor {
  const values = Array.from({ length: sizeOf(shape) }, () => {
    if (dtype === "bool") return Math.floor(random() * 2);
    if (dtype === "int32") return Math.floor(random() * 1e6) - 5e5;
    return random() < 0.1 ? SPECIAL[Math.floor(random() * SPECIAL.length)]! : random() - 0.5;
  });
  return tf.tensor(values, [...shape], dtype);
}

/** The values of x, repeated up to a shape. */
function spread(x: tf.Tensor, shape: readonly number[]): number[] {
  const values = x.dataSync();
  return Array.from({ length: sizeOf(shape) }, (_, i) => {
    let [rest, at, step] = [i, 0, 1];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const own = x.shape[axis - shape.length + x.rank] ?? 1;
      if (own !== 1) at += (rest % shape[axis]!) * step;
      step *= own;
      rest = Math.floor(rest / shape[axis]!);
    }
    return values[at]!;
  });
}

/** Compares values as they are: NaN with NaN, and −0 is not 0. */
function expectValues(x: tf.Tensor, expected: readonly number[]): void {
  const values = [...x.dataSync()];
  expect(values.length).toBe(expected.length);
  expect(values.findIndex((value, i) => !Object.is(value, expected[i]))).toBe(-1);
}

onEachBackend("own kernels", () => {
  beforeEach(() => mendKernels());
  describe.each([true, false])("with WebAssembly: %s", (on) => {
    beforeEach(() => useWasmKernels(on));
    afterEach(() => useWasmKernels(true));

    it.each(["float32", "int32", "bool"] as const)("choose between %s, repeated up to one shape", (dtype) => {
      const random = randoms(7);
      const before = [tf.memory().numTensors, tf.backend().numDataIds()];
      const cases: number[][][] = [
        [[], [], []],
        [[1], [5], []],
        [[3, 1, 5, 7], [3, 4, 5, 7], []],
        [[5, 7], [2, 5, 7], [7]],
        [
          [2, 1],
          [1, 131],
          [2, 131],
        ],
        [[6, 1], [6, 33], [1]],
        [[0, 4], [1, 4], [1]],
        [
          [1, 64],
          [0, 64],
          [0, 64],
        ],
        [[2, 1, 3, 1, 2, 1, 3, 1], [1, 2, 1, 3, 1, 2, 1, 3], [1]],
        [[517], [517], [517]],
        [[], [67], [67]],
      ];
      for (const shapes of cases) {
        const [c, t, e] = shapes.map((shape, i) => tensorIn(shape, i === 0 ? "bool" : dtype, random));
        const y = selectOf(c!, t!, e!)!;
        const shape = shapes.reduce((a, b) => tf.backend_util.assertAndGetBroadcastShape(a, b));
        expect([y.shape, y.dtype]).toEqual([shape, dtype]);
        const [cs, ts, es] = [c!, t!, e!].map((x) => spread(x, shape));
        expectValues(
          y,
          cs!.map((condition, i) => (condition === 0 ? es![i]! : ts![i]!)),
        );
        tf.dispose([c!, t!, e!, y]);
      }
      expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
    });

    it.each([
      [1, 1],
      [5, 3],
      [40, 130],
      [7, 0],
    ])("take rows of [%i, %i], and add to them", (count, words) => {
      const random = randoms(count);
      const before = [tf.memory().numTensors, tf.backend().numDataIds()];
      const table = tensorIn([count, words], "float32", random);
      const numbers = Array.from({ length: 60 }, () => Math.floor((random() - 0.5) * 3 * count));
      const ids = tf.tensor2d(numbers, [6, 10], "int32");
      const rowOf = (id: number): number => (id < 0 ? id + count : id);
      const isThere = (id: number): boolean => rowOf(id) >= 0 && rowOf(id) < count;
      const values = [...table.dataSync()];
      for (const outside of ["nan", "zero"] as const) {
        const y = rowsOf(table, ids, outside)!;
        expect(y.shape).toEqual([6, 10, words]);
        expectValues(
          y,
          numbers.flatMap((id) =>
            isThere(id)
              ? values.slice(rowOf(id) * words, (rowOf(id) + 1) * words)
              : Array<number>(words).fill(outside === "nan" ? Number.NaN : 0),
          ),
        );
        y.dispose();
      }
      const rows = tf.tensor(
        Array.from({ length: 60 * words }, () => Math.floor(random() * 100)),
        [6, 10, words],
      );
      const sums = Array<number>(count * words).fill(0);
      const added = [...rows.dataSync()];
      for (const [i, id] of numbers.entries()) {
        if (!isThere(id)) continue;
        for (let j = 0; j < words; j++) sums[rowOf(id) * words + j]! += added[i * words + j]!;
      }
      const y = rowSumsOf(rows, ids, count)!;
      expect(y.shape).toEqual([count, words]);
      expectValues(y, sums);
      tf.dispose([table, ids, rows, y]);
      expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
    });
  });

  it("choose between numbers, and leave different dtypes to tensorflow.js", () => {
    const c = tf.tensor1d([1, 0], "bool");
    expect([...where(c, 1, Number.NaN).dataSync()]).toEqual([1, Number.NaN]);
    expect(selectOf(c, tf.tensor1d([1, 2], "int32"), tf.scalar(0))).toBeUndefined();
    expect([...where(c, tf.tensor1d([1, 2], "int32"), tf.scalar(0)).dataSync()]).toEqual([1, 0]);
  });
});
