/** @file Element-wise kernels of floats that are wrong for NaN, infinities, zeros, or large numbers. */
import { backend_util, type CastAttrs } from "@tensorflow/tfjs-core";
import { eachRow, fold } from "../fold.ts";
import { loop } from "../memory/access.ts";
import { ofEach, ofPairs } from "./each.ts";
import { type Mend, mend } from "../mend.ts";

const unary = /* @__PURE__ */ ofEach("float32");
const binary = /* @__PURE__ */ ofPairs("float32");

/** The nearest whole number, of two the even one. Zeros keep their sign. */
function nearest(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  const whole = rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
  return whole === 0 ? x * 0 : whole;
}

/** The remainder, which is exact, and has the divisor's sign. */
function modulo(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

/** As in IEEE 754, and unlike JavaScript's. */
const raised = (a: number, b: number): number =>
  a === 1 || (a === -1 && (b === Infinity || b === -Infinity)) ? 1 : a ** b;

const MOST = 2 ** 31 - 1;
const LEAST = -(2 ** 31);

/** NaN becomes 0. An array of integers would take the lowest 32 bits of what is beyond them. */
const toInteger: Mend = mend<"x", CastAttrs>(
  "Cast",
  ["cpu", "wasm"],
  ({ inputs: { x }, attrs, backend, stock }) => {
    if (x.dtype !== "float32" || attrs.dtype !== "int32") return stock();
    return loop(backend, [x], { shape: x.shape, dtype: "int32" }, ([values], out) => {
      for (let i = 0; i < out.length; i++) out[i] = Math.min(Math.max(values![i]!, LEAST), MOST);
    });
  },
);

/**
 * By a loop of its own: called through `ofPairs`, which calls other functions too, it would be slower
 * by half.
 */
const power: Mend = mend<"a" | "b">("Pow", ["cpu"], ({ inputs: { a, b }, backend, stock }) => {
  if (a.dtype !== "float32" || b.dtype !== "float32") return stock();
  const shape = backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  return loop(backend, [a, b], { shape, dtype: "float32" }, ([x, y], out) => {
    if (out.length === 0) return;
    eachRow(fold(a.shape, b.shape), (fromA, fromB, to, length, stepA, stepB) => {
      for (let i = 0; i < length; i++) out[to + i] = raised(x![fromA + i * stepA]!, y![fromB + i * stepB]!);
    });
  });
});

/** Replacements of kernels that are wrong for some floats. */
export const edgeMends: readonly Mend[] = [
  unary("Sin", ["wasm"], Math.sin),
  unary("Cos", ["wasm"], Math.cos),
  unary("Round", ["cpu"], nearest),
  unary("Sign", ["cpu", "wasm"], Math.sign),
  binary("Mod", ["cpu", "wasm"], modulo),
  power,
  binary("FloorDiv", ["cpu"], (a, b) => Math.floor(Math.fround(a / b))),
  toInteger,
];
