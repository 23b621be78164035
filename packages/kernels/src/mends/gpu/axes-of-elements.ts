/** @file Element-wise kernels of webgl and webgpu that take few axes. */
import * as tf from "@tensorflow/tfjs-core";
import { GPU } from "../../gpu/program.ts";
import { sizeOf, withShape } from "../../shape.ts";
import { filled, type LoopDtype } from "../../memory/access.ts";
import { foldedTo4 } from "./folded.ts";
import { type Mend, mend, reshaped, scoped } from "../../mend.ts";

const select: Mend = mend<"condition" | "t" | "e">(
  "Select",
  GPU,
  ({ inputs: { condition, t, e }, backend, stock }) => {
    const { shape } = t;
    // `tf.where` does not repeat along axes of no elements.
    const empty = [condition, t, e].find((each) => sizeOf(each.shape) === 0);
    if (empty) {
      const whole = tf.backend_util.assertAndGetBroadcastShape(shape, e.shape);
      return filled(
        backend,
        { shape: sizeOf(whole) === 0 ? whole : empty.shape, dtype: t.dtype as LoopDtype },
        0,
      );
    }
    if (shape.length <= 4) return stock();
    return scoped(() => {
      const isOfRows = condition.shape.length === 1;
      const flat = isOfRows ? [shape[0]!, sizeOf(shape.slice(1))] : [sizeOf(shape)];
      const [t2, e2] = [reshaped(t, flat), reshaped(e, flat)];
      const c = isOfRows ? condition : reshaped(condition, flat);
      return withShape(stock({ condition: c, t: t2, e: e2 }), shape);
    });
  },
);

/** Kernels of single elements. */
const flat = (kernelName: string): Mend =>
  mend<"x">(kernelName, GPU, ({ inputs: { x }, stock }) => {
    if (x.shape.length <= 6) return stock();
    return scoped(() => withShape(stock({ x: reshaped(x, [sizeOf(x.shape)]) }), x.shape));
  });

/** Kernels of two inputs that are right where those are of one shape, or of few axes. */
const pairs = (kernelName: string): Mend =>
  mend<"a" | "b">(kernelName, GPU, ({ inputs: { a, b }, stock }) => {
    if (a.shape.length <= 4 && b.shape.length <= 4) return stock();
    return scoped(() => {
      const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
      const folded = foldedTo4(a, b, shape);
      return withShape(stock({ a: folded.a, b: folded.b }), shape);
    });
  });

const PAIRS =
  "Equal NotEqual Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr Maximum Minimum Mod Atan2 Add Sub Multiply SquaredDifference FloorDiv".split(
    " ",
  );

const UNARY = [
  ..."Abs Acosh Asin Asinh Atan Atanh Ceil Cosh Elu Erf Exp Expm1 Floor IsFinite IsInf IsNan LogicalNot Neg".split(
    " ",
  ),
  ..."Reciprocal Round Rsqrt Selu Sigmoid Sign Sinh Softplus Sqrt Square Step Tan Tanh Cast ClipByValue ZerosLike OnesLike".split(
    " ",
  ),
];

/** Replacements of kernels that give each element by itself. */
export const elementAxesMends: readonly Mend[] = [select, ...UNARY.map(flat), ...PAIRS.map(pairs)];
