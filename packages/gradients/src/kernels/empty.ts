/** @file Tensors without elements: sums and products over nothing leave on wasm what was in the memory. */
import * as tf from "@tensorflow/tfjs-core";
import { axesOf, keepDims, sizeOf } from "../broadcasting.ts";
import { filled, type LoopDtype } from "./memory.ts";
import { type Mend, mend } from "./mend.ts";

interface ReduceAttrs {
  axis?: number | number[] | null;
  /** `Max` calls its axes so. */
  reductionIndices?: number | number[] | null;
  keepDims?: boolean;
}

/** What a reduction of no elements gives, as in XLA. */
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
  mend<"x", ReduceAttrs>(kernelName, ["cpu", "wasm"], ({ inputs: { x }, attrs, backend, stock }) => {
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

type Shape4 = [number, number, number, number];
type Shape5 = [number, number, number, number, number];

/** Zeros where a convolution adds up nothing. */
const convolution = <A>(
  kernelName: string,
  second: "filter" | "dy",
  shapeOf: (x: readonly number[], second: readonly number[], attrs: A) => readonly number[],
): Mend =>
  mend<"x" | "filter" | "dy", A>(kernelName, ["wasm"], ({ inputs, attrs, backend, stock }) => {
    const [x, other] = [inputs[second === "dy" ? "dy" : "x"], inputs.filter];
    if (sizeOf(x.shape) > 0 && sizeOf(other.shape) > 0) return stock();
    return filled(backend, { shape: shapeOf(x.shape, other.shape, attrs), dtype: "float32" }, 0);
  });

const conv2DShape = (
  x: readonly number[],
  filter: readonly number[],
  { strides, dilations, pad, dimRoundingMode }: tf.Conv2DAttrs,
  depthwise: boolean,
): readonly number[] =>
  tf.backend_util.computeConv2DInfo(
    x as Shape4,
    filter as Shape4,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    depthwise,
  ).outShape;

/** wasm's kernel divides by the size of an axis. */
const transpose: Mend = mend<"x", tf.TransposeAttrs>(
  "Transpose",
  ["wasm"],
  ({ inputs: { x }, attrs, backend, stock }) =>
    sizeOf(x.shape) > 0
      ? stock()
      : filled(backend, { shape: attrs.perm.map((axis) => x.shape[axis]!), dtype: x.dtype as LoopDtype }, 0),
);

/** Reductions, transposes and convolutions of tensors without elements. */
export const emptyMends: readonly Mend[] = [
  ...Object.keys(neutral).map(reduction),
  transpose,
  convolution<tf.Conv2DAttrs>("Conv2D", "filter", (x, filter, attrs) => conv2DShape(x, filter, attrs, false)),
  convolution<tf.DepthwiseConv2dNativeAttrs>("DepthwiseConv2dNative", "filter", (x, filter, attrs) =>
    conv2DShape(x, filter, attrs as tf.Conv2DAttrs, true),
  ),
  convolution<tf.Conv2DBackpropInputAttrs>(
    "Conv2DBackpropInput",
    "dy",
    (_dy, _filter, { inputShape }) => inputShape,
  ),
  convolution<tf.Conv3DAttrs>(
    "Conv3D",
    "filter",
    (x, filter, { strides, dilations, pad }) =>
      tf.backend_util.computeConv3DInfo(x as Shape5, filter as Shape5, strides, dilations, pad).outShape,
  ),
];
