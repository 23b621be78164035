/** @file Kernels whose results have a shape that is told without running them. */
import { sameShape, type Tensor } from "../../tensor.ts";

export const lateKernels: Readonly<Record<"alike" | "pairs", readonly string[]>> = {
  /** Of one float32 tensor they make another one of its shape. */
  alike: [
    "Abs,Ceil,ClipByValue,Cos,Elu,Erf,Exp,Expm1,Floor,LeakyRelu,Log,Log1p,Neg,Reciprocal,Relu,Relu6,Round",
    "Rsqrt,Selu,Sigmoid,Sign,Sin,Softplus,Sqrt,Square,Step,Tan,Tanh,NnxSilu,NnxGelu,NnxGeluErf",
  ].flatMap((names) => names.split(",")),
  /** Of two, which are broadcast, they make one. */
  pairs: "Add,Sub,Multiply,RealDiv,Maximum,Minimum,SquaredDifference".split(","),
};

const alike = new Set(lateKernels.alike);
const pairs = new Set(lateKernels.pairs);

/**
 * The shape of what a kernel makes of float32 tensors, which is float32; undefined where it has to run
 * to tell.
 */
export function lateShape(name: string, [x, y, ...others]: readonly Tensor[]): readonly number[] | undefined {
  if (!x || others.length > 0) return undefined;
  if (!y) return alike.has(name) ? x.shape : undefined;
  if (!pairs.has(name)) return undefined;
  if (y.rank === 0 || sameShape(x.shape, y.shape)) return x.shape;
  if (x.rank === 0) return y.shape;
  // As a bias has the last axis alone.
  return y.rank === 1 && y.size === x.shape.at(-1) ? x.shape : undefined;
}
