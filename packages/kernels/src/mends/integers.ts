/** @file Kernels of integers and bools that stock ones compute as floats, or from their bits. */
import * as tf from "@tensorflow/tfjs-core";
import { eachRow, fold } from "../fold.ts";
import { filled, loop, type LoopDtype } from "../memory/access.ts";
import { type KernelCall, type Mend, mend } from "./mend.ts";

const { imul, trunc } = Math;

type Backends = readonly ("cpu" | "wasm")[];

const ROUNDED = "Of integers: rounds them to float32.";
const BITS = "Of integers: takes their bits for those of a float.";

/** A kernel of int32, element by element; the stock one is for the other dtypes. */
const unary = (kernelName: string, backends: Backends, why: string, of: (x: number) => number): Mend =>
  mend<"x">(kernelName, backends, why, ({ inputs: { x }, backend, stock }) => {
    if (x.dtype !== "int32") return stock();
    return loop(backend, [x], { shape: x.shape, dtype: "int32" }, ([values], out) => {
      for (let i = 0; i < out.length; i++) out[i] = of(values![i]!);
    });
  });

/** A loop over two tensors with broadcasting. */
export function pairs<A>(
  { inputs: { a, b }, backend }: KernelCall<"a" | "b", A>,
  dtype: LoopDtype,
  of: (a: number, b: number) => number,
): tf.TensorInfo {
  const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  return loop(backend, [a, b], { shape, dtype }, ([x, y], out) => {
    if (out.length === 0) return;
    eachRow(fold(a.shape, b.shape), (fromA, fromB, to, length, stepA, stepB) => {
      for (let i = 0; i < length; i++) out[to + i] = of(x![fromA + i * stepA]!, y![fromB + i * stepB]!);
    });
  });
}

/** A kernel of two tensors of one dtype; the stock one is for the others. */
const binary = (
  kernelName: string,
  backends: Backends,
  why: string,
  of: (a: number, b: number) => number,
  dtype: "int32" | "bool" = "int32",
): Mend =>
  mend<"a" | "b">(kernelName, backends, why, (call) => {
    const { a, b } = call.inputs;
    return a.dtype === dtype && b.dtype === dtype ? pairs(call, dtype, of) : call.stock();
  });

/** Whether an element is NaN, infinite or finite, which is the same for all integers. */
const isKind = (kernelName: string, answer: 0 | 1): Mend =>
  mend<"x">(kernelName, ["wasm"], BITS, ({ inputs: { x }, backend, stock }) =>
    x.dtype === "float32" ? stock() : filled(backend, { shape: x.shape, dtype: "bool" }, answer),
  );

/** By 0 it is 0, as on cpu: integers have nothing else to say. */
export const floorOfQuotient = (a: number, b: number): number => (b === 0 ? 0 : Math.floor(a / b));
const modulo = (a: number, b: number): number => (b === 0 ? 0 : a - imul(floorOfQuotient(a, b), b));

/** Modulo 2³², by squares. A negative power is a fraction, of which the whole part stays. */
function power(a: number, b: number): number {
  if (b < 0) return trunc(a ** b);
  let [result, square] = [1, a];
  for (let rest = b; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = imul(result, square);
    square = imul(square, square);
  }
  return result;
}

const BEYOND = "Of integers: rounds what is beyond 2⁵³, before it takes 32 bits of it.";

const OF_BOOLS = "Of bools: gives 2 and 255, which are none.";

/** Bounds between integers keep the whole part of a result, as on cpu. */
const clip: Mend = mend<"x", tf.ClipByValueAttrs>(
  "ClipByValue",
  ["wasm"],
  BITS,
  ({ inputs: { x }, attrs: { clipValueMin, clipValueMax }, backend, stock }) => {
    if (x.dtype !== "int32") return stock();
    return loop(backend, [x], { shape: x.shape, dtype: "int32" }, ([values], out) => {
      for (let i = 0; i < out.length; i++)
        out[i] = Math.min(Math.max(values![i]!, clipValueMin), clipValueMax);
    });
  },
);

/** Replacements of kernels that are wrong for integers and bools. */
export const integerMends: readonly Mend[] = [
  unary("Neg", ["wasm"], ROUNDED, (x) => -x),
  unary("Abs", ["cpu", "wasm"], ROUNDED, Math.abs),
  unary("Square", ["cpu"], BEYOND, (x) => imul(x, x)),
  unary("Reciprocal", ["wasm"], BITS, (x) => 1 / x),
  clip,
  isKind("IsNan", 0),
  isKind("IsInf", 0),
  isKind("IsFinite", 1),
  binary("Multiply", ["cpu"], BEYOND, imul),
  binary("SquaredDifference", ["cpu"], BEYOND, (a, b) => imul(a - b, a - b)),
  binary("FloorDiv", ["wasm"], ROUNDED, floorOfQuotient),
  binary("Mod", ["wasm"], "Of integers: throws for a divisor of 0.", modulo),
  binary("Pow", ["cpu", "wasm"], BEYOND, power),
  binary("Add", ["cpu"], OF_BOOLS, (a, b) => a | b, "bool"),
  binary("Sub", ["cpu"], OF_BOOLS, (a, b) => a ^ b, "bool"),
];
