/** @file Expressions over arrays of numbers, block by block: one loop for each operation. */
import type { Algebra } from "./algebra.ts";
import { ofNumbers } from "./algebra.ts";
import type { Expression } from "./expressions.ts";

/** Elements of a block. The few dozen blocks of an expression have room in the cache. */
const BLOCK = 1024;

/** An element of each place of a block, or a number for all. */
type Block = Float32Array | number;

const sizeOf = (...blocks: readonly Block[]): number =>
  (blocks.find((each) => typeof each !== "number") as Float32Array).length;

const spread = (x: Block, size: number): Float32Array =>
  typeof x === "number" ? new Float32Array(size).fill(x) : x;

/** The loop of an operation; storing a result rounds it. */
type Loop = (out: Float32Array, a: Float32Array, b: Float32Array) => void;

const binary =
  (of: (a: number, b: number) => number, run: Loop) =>
  (a: Block, b: Block): Block => {
    if (typeof a === "number" && typeof b === "number") return of(a, b);
    const size = sizeOf(a, b);
    const out = new Float32Array(size);
    run(out, spread(a, size), spread(b, size));
    return out;
  };

const unary =
  (of: (x: number) => number, run: Loop) =>
  (x: Block): Block => {
    if (typeof x === "number") return of(x);
    const out = new Float32Array(x.length);
    run(out, x, x);
    return out;
  };

/** Each loop is written out, so that the engine compiles it for its one operation. */
const ofBlocks: Algebra<Block> = {
  number: ofNumbers.number,
  add: binary(ofNumbers.add, (out, a, b) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i]! + b[i]!;
  }),
  sub: binary(ofNumbers.sub, (out, a, b) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i]! - b[i]!;
  }),
  mul: binary(ofNumbers.mul, (out, a, b) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i]! * b[i]!;
  }),
  div: binary(ofNumbers.div, (out, a, b) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i]! / b[i]!;
  }),
  max: binary(ofNumbers.max, (out, a, b) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.max(a[i]!, b[i]!);
  }),
  sqrt: unary(ofNumbers.sqrt, (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.sqrt(x[i]!);
  }),
  abs: unary(ofNumbers.abs, (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.abs(x[i]!);
  }),
  sign: unary(ofNumbers.sign, (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.sign(x[i]!);
  }),
  ifPositive: (x, a, b) => {
    if (typeof x === "number") return x > 0 ? a : b;
    const [whenPositive, otherwise] = [spread(a, x.length), spread(b, x.length)];
    return x.map((each, i) => (each > 0 ? whenPositive[i]! : otherwise[i]!));
  },
};

/**
 * Evaluates an expression for all elements.
 * @param inputs - Arrays of one length.
 * @param n - The numbers of the expression.
 * @param results - Are filled.
 */
export function inBlocks(
  expression: Expression,
  inputs: readonly Float32Array[],
  n: readonly number[],
  results: readonly Float32Array[],
): void {
  const size = results[0]?.length ?? 0;
  for (let start = 0; start < size; start += BLOCK) {
    const blocks: readonly Block[] = inputs.map((each) => each.subarray(start, start + BLOCK));
    const made = expression(ofBlocks, blocks, n);
    for (const [i, block] of made.entries()) {
      if (typeof block !== "number") results[i]!.set(block, start);
    }
  }
}
