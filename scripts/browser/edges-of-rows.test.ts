/** @file Kernels that go along rows with NaN, infinities and equal numbers, on GPUs, held against JAX's values. */
import { mendKernels } from "@nnxjs/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { golden, numbers, type Values } from "../edges-golden.ts";
import { isClose, isWebgl, valuesOf } from "./edges.ts";

beforeAll(() => mendKernels());

const rowsOf = (values: Values): tf.Tensor2D => tf.tensor2d(numbers(values), [values.length / 4, 4]);
const ofRows: Readonly<Record<string, (x: tf.Tensor2D) => tf.Tensor>> = {
  max: (x) => tf.max(x, 1),
  min: (x) => tf.min(x, 1),
  cumsum: (x) => tf.cumsum(x, 1),
  softmax: (x) => tf.softmax(x),
  argMax: (x) => tf.argMax(x, 1),
  argMin: (x) => tf.argMin(x, 1),
  largest: (x) => tf.topk(x, 3).values,
  places: (x) => tf.topk(x, 3).indices,
  maxPool: (x) => tf.maxPool(tf.reshape(x, [x.shape[0], 1, 4, 1]) as tf.Tensor4D, [1, 2], 1, "valid"),
};
const ofMasked: Readonly<Record<string, (x: tf.Tensor2D) => tf.Tensor>> = {
  softmax: (x) => tf.softmax(x),
  logSoftmax: (x) => tf.logSoftmax(x),
  logSumExp: (x) => tf.logSumExp(x, 1),
};

async function expectRows(given: Values, run: (x: tf.Tensor2D) => tf.Tensor, wanted: Values): Promise<void> {
  const found = await valuesOf(() => run(rowsOf(given)));
  const expected = numbers(wanted);
  expect(found.length).toBe(expected.length);
  expect(
    found.flatMap((v, i) => (isClose(v, expected[i]!, 1e-5) ? [] : [`${i}: ${v}, wanted ${expected[i]}`])),
  ).toEqual([]);
}

it.each(Object.entries(ofRows))("%s of rows with NaN and infinities is JAX's", (name, run) =>
  expectRows(golden.rows, run, golden.ofRows[name]!),
);
it.each(Object.entries(ofMasked))("%s of masked rows is JAX's", (name, run) =>
  expectRows(golden.masked, run, golden.ofMasked[name]!),
);

it.each([1, 4, 65, 5000])("places in rows of %i are those of their first best elements", async (columns) => {
  const rows = ["last", "equal", "nan", "-inf", "none"].map((kind) =>
    Float32Array.from({ length: columns }, (_, i) => {
      if (kind === "-inf") return -Infinity;
      if (kind === "last") return i === columns - 1 ? 5 : -i;
      if (kind === "nan" && i >= columns * 0.7) return Number.NaN;
      return kind === "equal" ? i % 3 : Math.sin(i);
    }),
  );
  const first = (row: Float32Array, sign: 1 | -1): number => {
    const nan = row.findIndex((v) => Number.isNaN(v));
    return nan >= 0 ? nan : row.indexOf(row.reduce((a, b) => (sign * b > sign * a ? b : a)));
  };
  const make = (): tf.Tensor2D =>
    tf.tensor2d(
      rows.flatMap((row) => [...row]),
      [rows.length, columns],
    );
  expect(await valuesOf(() => tf.argMax(make(), 1))).toEqual(rows.map((row) => first(row, 1)));
  expect(await valuesOf(() => tf.argMin(make(), 1))).toEqual(rows.map((row) => first(row, -1)));
  expect(await valuesOf(() => tf.argMax(tf.transpose(make()), 0))).toEqual(rows.map((row) => first(row, 1)));
  for (const k of [1, 3, columns].filter((each) => each <= Math.min(columns, 100))) {
    const order = rows.map((row) =>
      [...row.keys()]
        .sort((i, j) => {
          const [a, b] = [row[i]!, row[j]!];
          if (a > b) return -1;
          if (a < b) return 1;
          return Number(Number.isNaN(b)) - Number(Number.isNaN(a)) || i - j;
        })
        .slice(0, k),
    );
    // From this length of rows on, webgl sorts on the GPU, too.
    for (const length of isWebgl ? [100000, 1] : [100000]) {
      tf.env().set("TOPK_LAST_DIM_CPU_HANDOFF_SIZE_THRESHOLD", length);
      expect(await valuesOf(() => tf.topk(make(), k).indices)).toEqual(order.flat());
      expect(await valuesOf(() => tf.topk(make(), k).values)).toEqual(
        order.flatMap((o, r) => o.map((i) => rows[r]![i]!)),
      );
      tf.env().set("TOPK_LAST_DIM_CPU_HANDOFF_SIZE_THRESHOLD", 100000);
    }
  }
});
