/** @file Kernels of integers and bools that stock ones compute as floats, or from their bits. */
import type { ClipByValueAttrs } from "@tensorflow/tfjs-core";
import { filled } from "../memory/access.ts";
import { ofEach, ofPairs } from "./each.ts";
import { type Mend, mend } from "../mend.ts";

const { imul, trunc } = Math;

const unary = /* @__PURE__ */ ofEach("int32");
const binary = /* @__PURE__ */ ofPairs("int32");
const ofBools = /* @__PURE__ */ ofPairs("bool");

/** Whether an element is NaN, infinite or finite, which is the same for all integers. */
const isKind = (kernelName: string, answer: 0 | 1): Mend =>
  mend<"x">(kernelName, ["wasm"], ({ inputs: { x }, backend, stock }) =>
    x.dtype === "float32" ? stock() : filled(backend, { shape: x.shape, dtype: "bool" }, answer),
  );

/** Of a division by 0 it is 0, as on cpu: no integer stands for infinity or NaN. */
const floorOfQuotient = (a: number, b: number): number => (b === 0 ? 0 : Math.floor(a / b));
const modulo = (a: number, b: number): number => (b === 0 ? 0 : a - imul(floorOfQuotient(a, b), b));

/** Modulo 2³², by squares. A negative power is a fraction, of which the whole part stays. */
function power(a: number, b: number): number {
  if (b < 0) return trunc(a ** b);
  let [result, square] = [1, a];
  for (let rest = b; rest > 0; rest >>= 1) {
    if (rest & 1) result = imul(result, square);
    square = imul(square, square);
  }
  return result;
}

/** Replacements of kernels that are wrong for integers and bools. */
export const integerMends: readonly Mend[] = [
  unary("Neg", ["wasm"], (x) => -x),
  unary("Abs", ["cpu", "wasm"], Math.abs),
  unary("Square", ["cpu"], (x) => imul(x, x)),
  unary("Reciprocal", ["wasm"], (x) => 1 / x),
  unary<ClipByValueAttrs>("ClipByValue", ["wasm"], (x, { clipValueMin, clipValueMax }) =>
    Math.min(Math.max(x, clipValueMin), clipValueMax),
  ),
  isKind("IsNan", 0),
  isKind("IsInf", 0),
  isKind("IsFinite", 1),
  binary("Multiply", ["cpu"], imul),
  binary("SquaredDifference", ["cpu"], (a, b) => imul(a - b, a - b)),
  binary("FloorDiv", ["wasm"], floorOfQuotient),
  binary("Mod", ["wasm"], modulo),
  binary("Pow", ["cpu", "wasm"], power),
  ofBools("Add", ["cpu"], (a, b) => a | b),
  ofBools("Sub", ["cpu"], (a, b) => a ^ b),
];
