/** @file Matrix products. */
import {
  DENSE,
  type DenseAttrs,
  inShape,
  product,
  reshaped,
  sizeOf,
  sizesBeside,
  sumTo,
} from "@nnxjs/kernels/internal";
import type { BatchMatMulAttrs, Tensor } from "@tensorflow/tfjs-core";
import { type GradientRule, rule } from "./rule.ts";

/** The gradient of `op(a) @ op(b)` with respect to `b`. */
export function gradientOfRight(
  dy: Tensor,
  a: Tensor,
  shape: readonly number[],
  transposeA: boolean,
  transposeB: boolean,
): Tensor {
  const rows = a.shape.at(-2)!;
  if (!transposeA && sizeOf(shape.slice(0, -2)) === 1 && a.rank > 2 && dy.rank > 2 && a.size > 0) {
    // When b is one matrix for the whole batch, one product also sums over the batch.
    const count = sizeOf(a.shape.slice(0, -2));
    if (count === sizeOf(dy.shape.slice(0, -2))) {
      const left = reshaped(a, [count * rows, a.shape.at(-1)!]);
      const right = reshaped(dy, [count * rows, dy.shape.at(-1)!]);
      const gradient = transposeB ? product(right, left, true, false) : product(left, right, true, false);
      return inShape(gradient, shape);
    }
  }
  const gradient = transposeB ? product(dy, a, true, transposeA) : product(a, dy, !transposeA, false);
  return sumTo(gradient, shape);
}

/** The gradient of `op(a) @ op(b)` with respect to `a`. */
export const gradientOfLeft = (
  dy: Tensor,
  b: Tensor,
  shape: readonly number[],
  transposeA: boolean,
  transposeB: boolean,
): Tensor => sumTo(transposeA ? product(b, dy, transposeB, true) : product(dy, b, false, !transposeB), shape);

/**
 * y = op(a) op(b) has da = dy op(b)ᵀ and db = op(a)ᵀ dy. Each is transposed back, and summed over
 * broadcast batches.
 */
const batchMatMul: GradientRule = rule<BatchMatMulAttrs>("BatchMatMul")({
  inputs: ["a", "b"],
  save: ["a", "b"],
  backward: (dy, { shapes, saved: { a, b }, attrs: { transposeA, transposeB } }) => ({
    a: () => gradientOfLeft(dy, b, shapes.a, transposeA, transposeB),
    b: () => gradientOfRight(dy, a, shapes.b, transposeA, transposeB),
  }),
});

/** y = x kernel + bias over the last axes of x. */
export const denseRule: GradientRule = rule<DenseAttrs | undefined>(DENSE)({
  inputs: ["x", "kernel", "bias"],
  optional: ["bias"],
  save: ["x", "kernel"],
  backward: (dy, { shapes, saved: { x, kernel }, attrs }) => {
    const [inner, columns] = sizesBeside(shapes.kernel, attrs?.contracted ?? 1);
    const rows = sizeOf(shapes.x) / inner;
    const dz = (): Tensor => inShape(dy, [rows, columns]);
    return {
      x: () => inShape(product(dz(), inShape(kernel, [inner, columns]), false, true), shapes.x),
      kernel: () => inShape(product(inShape(x, [rows, inner]), dz(), true, false), shapes.kernel),
      bias: () => inShape(sumTo(dz(), [columns]), shapes.bias),
    };
  },
});

/** Rules for matrix products: `tf.matMul`, `tf.dot`, `tf.outerProduct`. */
export const matmulRules: readonly GradientRule[] = [batchMatMul];
