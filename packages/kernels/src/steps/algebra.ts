/** @file The operations that steps of optimizers are made of, over whatever stands for an element. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { sign } from "../ops/exact.ts";
import * as ops from "../ops/ops.ts";

/**
 * An expression that is written over an algebra can be evaluated with numbers and with tensors, and
 * can be emitted as WebAssembly. All results are rounded to float32.
 */
export interface Algebra<T> {
  number(value: number): T;
  add(a: T, b: T): T;
  sub(a: T, b: T): T;
  mul(a: T, b: T): T;
  div(a: T, b: T): T;
  sqrt(x: T): T;
  abs(x: T): T;
  /** NaN if one of them is NaN. */
  max(a: T, b: T): T;
  /** -1, 0 or 1; NaN stays NaN. */
  sign(x: T): T;
  /** `a` where `x > 0`, and `b` elsewhere, also where x is NaN. */
  ifPositive(x: T, a: T, b: T): T;
}

const { fround } = Math;

/** Over numbers, rounded as float32 is. Double precision is enough to round each result once. */
export const ofNumbers: Algebra<number> = {
  number: fround,
  add: (a, b) => fround(a + b),
  sub: (a, b) => fround(a - b),
  mul: (a, b) => fround(a * b),
  div: (a, b) => fround(a / b),
  sqrt: (x) => fround(Math.sqrt(x)),
  abs: Math.abs,
  max: (a, b) => Math.max(a, b),
  sign: Math.sign,
  ifPositive: (x, a, b) => (x > 0 ? a : b),
};

type Value = Tensor | number;

/** An operation on tensors or numbers; two numbers stay numbers. */
const lifted =
  (name: "add" | "sub" | "mul" | "div", op: (a: Value, b: Value) => Tensor) =>
  (a: Value, b: Value): Value =>
    typeof a === "number" && typeof b === "number" ? ofNumbers[name](a, b) : op(a, b);

const mapped =
  (name: "sqrt" | "abs" | "sign", op: (x: Tensor) => Tensor) =>
  (x: Value): Value =>
    typeof x === "number" ? ofNumbers[name](x) : op(x);

/** Over tensors and numbers, by ops that a tape records and every backend has. */
export const ofTensors: Algebra<Value> = {
  number: fround,
  add: lifted("add", ops.add),
  sub: lifted("sub", ops.sub),
  mul: lifted("mul", ops.mul),
  div: lifted("div", ops.div),
  sqrt: mapped("sqrt", ops.sqrt),
  abs: mapped("abs", ops.abs),
  max: (a, b) => ops.maximum(a, b),
  sign: mapped("sign", sign),
  ifPositive: (x, a, b) => {
    if (typeof x === "number") return x > 0 ? a : b;
    return ops.where(ops.greater(x, 0), a, b);
  },
};
