/**
 * @file Element-wise kernels on wasm: those that are wrong above six axes, those that lose NaN, and
 * the cast to bool.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { MOST_AXES } from "../backends.ts";
import { sizeOf, withShape } from "../shape.ts";
import { eachRow, fold } from "../fold.ts";
import { type Elements, holdsNaN, loop } from "../memory/access.ts";
import { type Mend, mend, scoped } from "../mend.ts";

/** Folds the operands into fewer axes: the stock kernels are right up to six. */
const arithmetic = (kernelName: string): Mend =>
  mend<"a" | "b">(kernelName, ["wasm"], ({ inputs: { a, b }, stock }) => {
    if (a.shape.length <= MOST_AXES && b.shape.length <= MOST_AXES) return stock();
    const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
    const folded = fold(a.shape, b.shape);
    if (sizeOf(shape) === 0) return withShape(stock({ a: withShape(a, [0]), b: withShape(b, [1]) }), shape);
    if (folded.axes.length <= MOST_AXES) {
      return withShape(stock({ a: withShape(a, folded.a), b: withShape(b, folded.b) }), shape);
    }
    // `a` and `b` are repeated along alternating axes, so folding leaves seven or more. Broadcast
    // `a` first; then only `b` is repeated.
    return scoped(() => {
      const spread = tf.broadcastTo(a as Tensor, shape);
      const rest = fold(spread.shape, b.shape);
      if (rest.axes.length <= MOST_AXES)
        return withShape(stock({ a: withShape(spread, rest.a), b: withShape(b, rest.b) }), shape);
      const other = tf.broadcastTo(b as Tensor, shape);
      return withShape(
        stock({ a: withShape(spread, [spread.size]), b: withShape(other, [other.size]) }),
        shape,
      );
    });
  });

/**
 * The larger or the smaller value, or NaN if either is NaN. The stock kernels are quick, and right
 * when `b` holds no NaN.
 */
const extremum = (kernelName: "Maximum" | "Minimum"): Mend =>
  mend<"a" | "b">(kernelName, ["wasm"], (call) => {
    const {
      inputs: { a, b },
      backend,
      stock,
    } = call;
    if (a.dtype !== "float32" || b.dtype !== "float32" || !holdsNaN(backend, b)) return stock();
    const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
    const folded = fold(a.shape, b.shape);
    const isMax = kernelName === "Maximum";
    const run = ([x, y]: readonly Elements[], out: Elements): void => {
      if (out.length === 0) return;
      eachRow(folded, (fromA, fromB, to, length, stepA, stepB) => {
        for (let i = 0; i < length; i++) {
          const [p, q] = [x![fromA + i * stepA]!, y![fromB + i * stepB]!];
          out[to + i] = isMax ? Math.max(p, q) : Math.min(p, q);
        }
      });
    };
    return loop(backend, [a, b], { shape, dtype: "float32" }, run);
  });

/** Clamps each element and keeps NaN. */
const clamp = <A>(kernelName: string, bounds: (attrs: A) => readonly [number, number]): Mend =>
  mend<"x", A>(kernelName, ["wasm"], ({ inputs: { x }, attrs, backend, stock }) => {
    if (x.dtype !== "float32" || !holdsNaN(backend, x)) return stock();
    const [low, high] = bounds(attrs);
    return loop(backend, [x], { shape: x.shape, dtype: "float32" }, ([values], out) => {
      for (let i = 0; i < out.length; i++) out[i] = Math.min(Math.max(values![i]!, low), high);
    });
  });

/** True where x is not 0, as on the other backends. */
const castToBool: Mend = mend<"x", tf.CastAttrs>(
  "Cast",
  ["wasm"],
  ({ inputs: { x }, attrs, backend, stock }) => {
    if (attrs.dtype !== "bool" || (x.dtype !== "float32" && x.dtype !== "int32")) return stock();
    return loop(backend, [x], { shape: x.shape, dtype: "bool" }, ([values], out) => {
      for (let i = 0; i < out.length; i++) out[i] = values![i] === 0 ? 0 : 1;
    });
  },
);

/**
 * cpu's kernel gives the array of the other dtype to the new tensor. Such an array has integers that
 * float32 has not, and another backend would take its bits for numbers of the new dtype.
 */
const castOnCpu: Mend = mend<"x", tf.CastAttrs>(
  "Cast",
  ["cpu"],
  ({ inputs: { x }, attrs: { dtype }, backend, stock }) => {
    const isKept = dtype !== "complex64" && !tf.util.hasEncodingLoss(x.dtype, dtype);
    if (x.dtype === dtype || !isKept || (dtype !== "float32" && dtype !== "int32")) return stock();
    return loop(backend, [x], { shape: x.shape, dtype }, ([values], out) => out.set(values!));
  },
);

/** Replacements of element-wise kernels. */
export const binaryMends: readonly Mend[] = [
  ...["Add", "Sub", "Multiply", "RealDiv", "SquaredDifference"].map(arithmetic),
  extremum("Maximum"),
  extremum("Minimum"),
  // The stock kernel loses NaN with a sign, which is what ∞ - ∞ is on many machines.
  clamp("Relu", () => [0, Number.POSITIVE_INFINITY]),
  clamp("Relu6", () => [0, 6]),
  clamp<tf.ClipByValueAttrs>("ClipByValue", ({ clipValueMin, clipValueMax }) => [clipValueMin, clipValueMax]),
  castToBool,
  castOnCpu,
];
