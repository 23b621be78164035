/**
 * @file Empty tensors. On wasm, reductions over no elements return uninitialised memory. On cpu,
 * some kernels return a plain list instead of a typed array.
 */
import { GPU } from "../gpu/program.ts";
import { axesOf, keepDims, sizeOf } from "../shape.ts";
import { filled, free, type LoopDtype } from "../memory/access.ts";
import { type Mend, mend } from "../mend.ts";

interface ReduceAttrs {
  axis?: number | number[] | null;
  /** The name that `Max` has for `axis`. */
  reductionIndices?: number | number[] | null;
  keepDims?: boolean;
}

/** The result of each reduction over no elements, as in XLA. */
const neutral: Readonly<Record<string, number>> = {
  Sum: 0,
  Mean: Number.NaN,
  Prod: 1,
  Max: Number.NEGATIVE_INFINITY,
  Min: Number.POSITIVE_INFINITY,
  All: 1,
  Any: 0,
};

const reduction = (kernelName: string): Mend =>
  mend<"x", ReduceAttrs>(kernelName, ["cpu", "wasm", ...GPU], ({ inputs: { x }, attrs, backend, stock }) => {
    if (sizeOf(x.shape) > 0) return stock();
    const axes = axesOf(attrs.axis ?? attrs.reductionIndices, x.shape.length);
    const shape = attrs.keepDims
      ? keepDims(x.shape, axes)
      : x.shape.filter((_, axis) => !axes.includes(axis));
    const dtype = kernelName === "Mean" ? "float32" : (x.dtype as LoopDtype);
    const value = neutral[kernelName]!;
    const limit = value < 0 ? -(2 ** 31) : 2 ** 31 - 1;
    return filled(backend, { shape, dtype }, dtype === "int32" && !Number.isFinite(value) ? limit : value);
  });

/** Makes the empty result of a kernel a typed array. */
const typed = (kernelName: string): Mend =>
  mend<string>(kernelName, ["cpu"], ({ backend, stock }) => {
    const y = stock();
    if (sizeOf(y.shape) > 0 || !LOOPED.includes(y.dtype)) return y;
    free(backend, y);
    return filled(backend, { shape: y.shape, dtype: y.dtype as LoopDtype }, 0);
  });

const LOOPED: readonly string[] = ["float32", "int32", "bool"] satisfies LoopDtype[];

/** Replacements of kernels that fail on empty tensors. */
export const emptyMends: readonly Mend[] = [...Object.keys(neutral).map(reduction), typed("Concat")];
