/** @file Kernels at the edges of float32 and int32, held against JAX's values, on each backend. */
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { golden, numbers, pairsOf, type Values } from "../../../../scripts/edges-golden.ts";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels } from "../mend-kernels.ts";
import { useWasmKernels } from "../wasm/module.ts";

const floats = numbers(golden.floats);
const { integers, powers } = golden;

type Unary = (x: tf.Tensor) => tf.Tensor;
type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

/** What a function gives, also for few elements at a time, which stock kernels may compute otherwise. */
function inBoth(
  run: (...tensors: tf.Tensor[]) => tf.Tensor,
  dtype: "float32" | "int32" | "bool",
  ...columns: readonly (readonly number[])[]
): [all: number[], few: number[]] {
  const part = (from: number, to?: number): number[] =>
    tf.tidy(() => Array.from(run(...columns.map((v) => tf.tensor1d(v.slice(from, to), dtype))).dataSync()));
  const few: number[] = [];
  for (let from = 0; from < columns[0]!.length; from += 5) few.push(...part(from, from + 5));
  return [part(0), few];
}

/** The same number, or near it where an elementary function has rounded. */
function expectSame(found: readonly number[], wanted: Values, what: string, floor = 0): void {
  const differ = numbers(wanted).flatMap((w, i) => {
    const v = found[i]!;
    const isNear = Number.isFinite(w) && w !== 0 && Math.abs(v - w) <= 2e-6 * Math.max(Math.abs(w), floor);
    // XLA has 0 where a number is below the normal ones.
    const isTiny = Math.abs(w) < 2 ** -126 && Math.abs(v) < 2 ** -126;
    return Object.is(v, w) || isNear || (isTiny && w !== v) ? [] : [`${i}: ${v}, wanted ${w}`];
  });
  expect([what, found.length, differ]).toEqual([what, wanted.length, []]);
}

const ofFloats: Readonly<Record<string, Unary>> = {
  elu: tf.elu,
  sin: tf.sin,
  cos: tf.cos,
  sign: tf.sign,
  round: tf.round,
  toInteger: (x) => tf.cast(x, "int32"),
  relu6: tf.relu6,
  leakyRelu: (x) => tf.leakyRelu(x, 0.2),
  clip: (x) => tf.clipByValue(x, -1.5, 2.5),
};
const ofFloatPairs: Readonly<Record<string, Binary>> = {
  mod: tf.mod,
  pow: tf.pow,
  prelu: tf.prelu,
  where: (a, b) => tf.where(tf.less(a, b), a, b),
};
const ofIntegers: Readonly<Record<string, Unary>> = {
  neg: tf.neg,
  abs: tf.abs,
  square: tf.square,
  clip: (x) => tf.clipByValue(x, -5, 20000003),
};
const ofIntegerPairs: Readonly<Record<string, Binary>> = {
  mul: tf.mul,
  squaredDifference: tf.squaredDifference,
  mod: tf.mod,
};

onEachBackend("kernels at the edges", () => {
  beforeAll(() => mendKernels());
  afterEach(() => useWasmKernels(true));

  describe.each([true, false])("with WebAssembly: %s", (on) => {
    it.each(Object.entries(ofFloats))("%s of floats is JAX's", (name, run) => {
      useWasmKernels(on);
      // cpu's own elu has few digits near 0.
      for (const found of inBoth(run, "float32", floats))
        expectSame(found, golden.ofFloats[name]!, name, on ? 0 : 1);
    });

    it.each(Object.entries(ofFloatPairs))("%s of two floats is JAX's", (name, run) => {
      useWasmKernels(on);
      for (const found of inBoth(run, "float32", ...pairsOf(floats, floats)))
        expectSame(found, golden.ofFloatPairs[name]!, name);
    });

    it("quotients of floats are rounded down, and stay floats", () => {
      useWasmKernels(on);
      for (const found of inBoth(tf.floorDiv, "float32", ...pairsOf(floats, floats)))
        expectSame(found, golden.floors, "floorDiv");
      expect(tf.floorDiv(tf.tensor1d([5.5]), tf.tensor1d([2])).dtype).toBe("float32");
    });

    it.each(Object.entries(ofIntegers))("%s of integers is JAX's", (name, run) => {
      useWasmKernels(on);
      for (const found of inBoth(run, "int32", integers)) expect(found).toEqual(golden.ofIntegers[name]);
    });

    it.each(Object.entries(ofIntegerPairs))("%s of two integers is JAX's", (name, run) => {
      useWasmKernels(on);
      for (const found of inBoth(run, "int32", ...pairsOf(integers, integers)))
        expect(found).toEqual(golden.ofIntegerPairs[name]);
    });

    it("quotients and powers of integers are JAX's; quotients by 0 are 0", () => {
      useWasmKernels(on);
      for (const found of inBoth(tf.floorDiv, "int32", ...pairsOf(integers, integers.slice(1))))
        expect(found).toEqual(golden.floorDiv);
      for (const found of inBoth(tf.pow, "int32", ...pairsOf(integers, powers)))
        expect(found).toEqual(golden.integerPowers);
      for (const found of inBoth(
        tf.floorDiv,
        "int32",
        integers,
        integers.map(() => 0),
      ))
        expect(found).toEqual(integers.map(() => 0));
    });
  });

  it("broadcasts", () => {
    const [column, row] = [tf.tensor2d([7, -7], [2, 1], "int32"), tf.tensor1d([2, 3, 0], "int32")];
    expect(Array.from(tf.mod(column, row).dataSync())).toEqual([1, 1, 0, 1, 2, 0]);
    const slopes = tf.tensor2d([0.5, 2], [2, 1]);
    expect(Array.from(tf.prelu(tf.tensor2d([-1, 3, -2, -4], [2, 2]), slopes).dataSync())).toEqual([
      -0.5, 3, -4, -8,
    ]);
    expect(tf.mod(tf.zeros([0, 3]), tf.ones([3])).shape).toEqual([0, 3]);
  });

  it("bools stay bools", () => {
    const [a, b] = pairsOf([0, 1], [0, 1]);
    for (const found of inBoth(tf.add, "bool", a, b)) expect(found).toEqual(golden.addBools);
  });

  it("no integer is NaN or infinite, whatever its bits are", () => {
    const bits = tf.tensor1d([0x7fc00000, 0x7f800000, -1], "int32");
    expect(Array.from(tf.isNaN(bits).dataSync())).toEqual([0, 0, 0]);
    expect(Array.from(tf.isInf(bits).dataSync())).toEqual([0, 0, 0]);
    expect(Array.from(tf.isFinite(bits).dataSync())).toEqual([1, 1, 1]);
    expect(Array.from(tf.reciprocal(tf.tensor1d([1, -1, 2], "int32")).dataSync())).toEqual([1, -1, 0]);
  });

  it("NaN and infinities have places", () => {
    const rows = tf.tensor2d(numbers(golden.rows), [golden.rows.length / 4, 4]);
    const columns = tf.transpose(rows);
    const { argMax, argMin, largest, places } = golden.ofRows;
    expect(Array.from(tf.argMax(rows, 1).dataSync())).toEqual(argMax);
    expect(Array.from(tf.argMin(rows, 1).dataSync())).toEqual(argMin);
    expect(Array.from(tf.argMax(columns, 0).dataSync())).toEqual(argMax);
    expect(Array.from(tf.argMin(columns, 0).dataSync())).toEqual(argMin);
    const { values, indices } = tf.topk(rows, 3);
    expect(Array.from(values.dataSync())).toEqual(numbers(largest));
    expect(Array.from(indices.dataSync())).toEqual(places);
  });
});
