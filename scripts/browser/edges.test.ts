/**
 * @file Kernels of GPUs at the edges of float32 and int32, held against JAX's values. What a GPU does not
 * promise, and docs/backends.md says so, is left out by the rules of `isPromised`.
 */
import { mendKernels } from "@nnxjs/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { golden, numbers, pairsOf, type Values } from "../edges-golden.ts";
import { isClose, isWebgl, NORMAL, valuesOf } from "./edges.ts";

const floats = numbers(golden.floats);
const { integers, powers } = golden;

/** webgl keeps integers as floats, which are exact up to here. */
const EXACT = isWebgl ? 2 ** 24 : Infinity;
/** The sine of more is that of the GPU, which has no digits left. */
const MOST_ANGLE = 1e5;

/** Whether a GPU can have the result of these numbers. */
function isPromised(name: string, given: readonly number[], wanted: number): boolean {
  if (name === "sin" || name === "cos")
    return !(Math.abs(given[0]!) > MOST_ANGLE && Number.isFinite(given[0]!));
  // The sign of 0 is lost on the way, and with it that of infinity.
  if (given.some((v) => Object.is(v, -0)) && Math.abs(wanted) === Infinity) return false;
  const quotient = given[0]! / given[1]!;
  // Such a quotient is 0 before it is rounded down.
  return name !== "floorDiv" || quotient === 0 || !(Math.abs(quotient) < NORMAL);
}

/** What differs, of all numbers at once, and of five at a time, which other programs may compute. */
async function differences(
  name: string,
  run: (...tensors: tf.Tensor[]) => tf.Tensor,
  dtype: "float32" | "int32" | "bool",
  columns: readonly (readonly number[])[],
  values: Values,
  tolerance = 0,
): Promise<string[]> {
  const wanted = numbers(values);
  const size = columns[0]!.length;
  expect(wanted.length).toBe(size);
  const parts = [[0, size] as const, [0, 5] as const, [size - 5, size] as const];
  const differ: string[] = [];
  for (const [from, to] of parts) {
    const found = await valuesOf(() => run(...columns.map((v) => tf.tensor1d(v.slice(from, to), dtype))));
    expect(found.length).toBe(to - from);
    found.forEach((v, i) => {
      const given = columns.map((column) => column[from + i]!);
      const w = wanted[from + i]!;
      if (!isPromised(name, given, w) || isClose(v, w, tolerance)) return;
      differ.push(`${name}(${given.join()}) is ${v}, wanted ${w}`);
    });
  }
  return differ;
}

/** The numbers at which each number, and the result, is an integer that the backend has. */
function exactOnes(columns: readonly (readonly number[])[], values: Values): [number[][], number[]] {
  const wanted = numbers(values);
  const isExact = (v: number): boolean => Math.abs(v) <= EXACT;
  const kept = wanted.flatMap((w, i) => (isExact(w) && columns.every((c) => isExact(c[i]!)) ? [i] : []));
  return [columns.map((c) => kept.map((i) => c[i]!)), kept.map((i) => wanted[i]!)];
}

beforeAll(() => mendKernels());

const ofFloats: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  elu: tf.elu,
  sin: tf.sin,
  cos: tf.cos,
  sign: tf.sign,
  round: tf.round,
  relu: tf.relu,
  relu6: tf.relu6,
  leakyRelu: (x) => tf.leakyRelu(x, 0.2),
  clip: (x) => tf.clipByValue(x, -1.5, 2.5),
};
it.each(Object.entries(ofFloats))("%s of floats is JAX's", async (name, run) => {
  const tolerance = ["elu", "sin", "cos"].includes(name) ? 1e-4 : 1e-6;
  expect(await differences(name, run, "float32", [floats], golden.ofFloats[name]!, tolerance)).toEqual([]);
});

it("integers of floats are the nearest that there are", async () => {
  const run = (x: tf.Tensor): tf.Tensor => tf.cast(x, "int32");
  const most = isWebgl ? 2 ** 31 - 128 : 2 ** 31 - 1;
  const wanted = numbers(golden.ofFloats.toInteger!).map((v) => Math.min(v, most));
  expect(await differences("toInteger", run, "float32", [floats], wanted)).toEqual([]);
});

const ofFloatPairs: Readonly<Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor>> = {
  mod: tf.mod,
  pow: tf.pow,
  prelu: tf.prelu,
  maximum: tf.maximum,
  minimum: tf.minimum,
  where: (a, b) => tf.where(tf.less(a, b), a, b),
};
it.each(Object.entries(ofFloatPairs))("%s of two floats is JAX's", async (name, run) => {
  const tolerance = name === "pow" ? 1e-4 : 1e-6;
  const wanted = golden.ofFloatPairs[name]!;
  expect(await differences(name, run, "float32", pairsOf(floats, floats), wanted, tolerance)).toEqual([]);
});

it("quotients of floats are rounded down, and stay floats", async () => {
  const pairs = pairsOf(floats, floats);
  expect(await differences("floorDiv", tf.floorDiv, "float32", pairs, golden.floors, 1e-6)).toEqual([]);
  const y = tf.floorDiv(tf.tensor1d([5.5, 21, 39]), tf.tensor1d([2, 7, 13]));
  expect([y.dtype, ...(await valuesOf(() => y))]).toEqual(["float32", 2, 3, 3]);
});

const unaryOfIntegers: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  neg: tf.neg,
  abs: tf.abs,
  square: tf.square,
  clip: (x) => tf.clipByValue(x, -5, 20000003),
};
it.each(Object.entries(unaryOfIntegers))("%s of integers is JAX's", async (name, run) => {
  const [columns, wanted] = exactOnes([integers], golden.ofIntegers[name]!);
  expect(await differences(name, run, "int32", columns, wanted)).toEqual([]);
});

const pairsOfIntegers: Readonly<
  Record<
    string,
    readonly [run: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, wanted: Values, second: readonly number[]]
  >
> = {
  mul: [tf.mul, golden.ofIntegerPairs.mul!, integers],
  squaredDifference: [tf.squaredDifference, golden.ofIntegerPairs.squaredDifference!, integers],
  mod: [tf.mod, golden.ofIntegerPairs.mod!, integers],
  floorDiv: [tf.floorDiv, golden.floorDiv, integers.slice(1)],
  pow: [tf.pow, golden.integerPowers, powers],
};
it.each(Object.entries(pairsOfIntegers))(
  "%s of two integers is JAX's",
  async (name, [run, values, second]) => {
    const [columns, wanted] = exactOnes(pairsOf(integers, second), values);
    expect(await differences(name, run, "int32", columns, wanted)).toEqual([]);
  },
);

it("integers are compared, added and divided as integers", async () => {
  const near = isWebgl ? 12345678 : 123456789;
  const [a, b] = [
    tf.tensor1d([near, near + 1, -near, 7], "int32"),
    tf.tensor1d([near + 1, near, -near, 0], "int32"),
  ];
  const found: Record<string, number[]> = {};
  for (const [name, run] of Object.entries({
    add: () => tf.add(a, tf.scalar(1, "int32")),
    sub: () => tf.sub(a, b),
    maximum: () => tf.maximum(a, b),
    minimum: () => tf.minimum(a, b),
    equal: () => tf.equal(a, b),
    notEqual: () => tf.notEqual(a, b),
    less: () => tf.less(a, b),
    lessEqual: () => tf.lessEqual(a, b),
    greater: () => tf.greater(a, b),
    greaterEqual: () => tf.greaterEqual(a, b),
    floorDiv: () => tf.floorDiv(a, b),
    whole: () => tf.floorDiv(a, tf.scalar(1, "int32")),
    mod: () => tf.mod(a, b),
  }))
    found[name] = await valuesOf(() => tf.cast(run(), "int32"));
  expect(found).toEqual({
    add: [near + 1, near + 2, -near + 1, 8],
    sub: [-1, 1, 0, 7],
    maximum: [near + 1, near + 1, -near, 7],
    minimum: [near, near, -near, 0],
    equal: [0, 0, 1, 0],
    notEqual: [1, 1, 0, 1],
    less: [1, 0, 0, 0],
    lessEqual: [1, 0, 1, 0],
    greater: [0, 1, 0, 1],
    greaterEqual: [0, 1, 1, 1],
    floorDiv: [0, 1, 1, 0],
    whole: [near, near + 1, -near, 7],
    mod: [near, 1, 0, 0],
  });
  tf.dispose([a, b]);
});

it("reciprocals and negative powers of integers are integers", async () => {
  const few = (): tf.Tensor => tf.tensor1d([1, -1, 2, 0, -3], "int32");
  expect(await valuesOf(() => tf.reciprocal(few()))).toEqual([1, -1, 0, 0, 0]);
  expect(await valuesOf(() => tf.pow(few(), tf.scalar(-3, "int32")))).toEqual([1, -1, 0, 0, 0]);
});

it("bounds of integers may be fractions, and infinite", async () => {
  const few = (): tf.Tensor => tf.tensor1d([-4, -1, 0, 1, 4], "int32");
  expect(await valuesOf(() => tf.clipByValue(few(), -1.5, 2.5))).toEqual([-1, -1, 0, 1, 2]);
  expect(await valuesOf(() => tf.clipByValue(few(), -Infinity, Infinity))).toEqual([-4, -1, 0, 1, 4]);
});

it("no integer is NaN or infinite, whatever its bits are", async () => {
  const bits = (): tf.Tensor => tf.tensor1d([0x7fc00000, 0x7f800000, -1], "int32");
  expect(await valuesOf(() => tf.isNaN(bits()))).toEqual([0, 0, 0]);
  expect(await valuesOf(() => tf.isInf(bits()))).toEqual([0, 0, 0]);
  expect(await valuesOf(() => tf.isFinite(bits()))).toEqual([1, 1, 1]);
});

it("repeats along axes", async () => {
  const [column, row] = [
    tf.tensor([7, -7], [1, 2, 1], "int32"),
    tf.tensor([2, 3, 0, 7, -2, -4], [2, 1, 3], "int32"),
  ];
  const wanted = [1, 1, 0, 1, 2, 0, 0, -1, -1, 0, -1, -3];
  expect(await valuesOf(() => tf.mod(column, row))).toEqual(wanted);
  const slopes = tf.tensor2d([0.5, 2], [2, 1]);
  expect(await valuesOf(() => tf.prelu(tf.tensor2d([-1, 3, -2, -4], [2, 2]), slopes))).toEqual([
    -0.5, 3, -4, -8,
  ]);
  expect(tf.mod(tf.zeros([0, 3]), tf.ones([3])).shape).toEqual([0, 3]);
  expect(tf.mod(tf.zeros([0, 3], "int32"), tf.ones([3], "int32")).shape).toEqual([0, 3]);
});

it("bools stay bools", async () => {
  const pairs = pairsOf([0, 1], [0, 1]).map((each) => [...each, ...each]);
  const wanted = [...golden.addBools, ...golden.addBools];
  expect(await differences("add", tf.add, "bool", pairs, wanted)).toEqual([]);
  const sum = tf.add(tf.tensor1d([true, true], "bool"), tf.tensor1d([true, false], "bool"));
  expect([sum.dtype, ...(await valuesOf(() => tf.sum(sum)))]).toEqual(["bool", 2]);
  sum.dispose();
});
