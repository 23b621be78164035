/**
 * @file The geometry of a convolution or pool along each spatial axis, and the padding and
 * reshaping that follow from it.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { sizeOf } from "./shape.ts";

/** One spatial axis. */
export interface Axis {
  /** Elements of the input. */
  readonly input: number;
  /** Elements of the output. */
  readonly output: number;
  /** Elements of the filter or window. */
  readonly window: number;
  readonly stride: number;
  readonly dilation: number;
  /** Zeros before the input. */
  readonly before: number;
}

type Info3D = tf.backend_util.Conv3DInfo;
type Info2D = tf.backend_util.Conv2DInfo | Info3D;

/**
 * Height and width: for three spatial axes, the last two. `"same"` gives three axes a negative padding
 * where the window is smaller than its stride; there is none then.
 */
export const axes2D = (info: Info2D): readonly Axis[] => [
  {
    input: info.inHeight,
    output: info.outHeight,
    window: info.filterHeight,
    stride: info.strideHeight,
    dilation: info.dilationHeight,
    before: Math.max(0, info.padInfo.top),
  },
  {
    input: info.inWidth,
    output: info.outWidth,
    window: info.filterWidth,
    stride: info.strideWidth,
    dilation: info.dilationWidth,
    before: Math.max(0, info.padInfo.left),
  },
];

/** Depth, height and width. */
export const axes3D = (info: Info3D): readonly Axis[] => [
  {
    input: info.inDepth,
    output: info.outDepth,
    window: info.filterDepth,
    stride: info.strideDepth,
    dilation: info.dilationDepth,
    before: Math.max(0, info.padInfo.front),
  },
  ...axes2D(info),
];

type Shape4 = [number, number, number, number];
type Shape5 = [number, number, number, number, number];

/** The geometry of a pool over two axes. */
export const axesOf2D = (
  shape: readonly number[],
  { filterSize, strides, pad, dimRoundingMode }: tf.AvgPoolAttrs,
): readonly Axis[] =>
  axes2D(tf.backend_util.computePool2DInfo(shape as Shape4, filterSize, strides, 1, pad, dimRoundingMode));

/** The geometry of a pool over three axes. */
export const axesOf3D = (
  shape: readonly number[],
  { filterSize, strides, pad, dimRoundingMode }: tf.AvgPool3DAttrs,
): readonly Axis[] =>
  axes3D(tf.backend_util.computePool3DInfo(shape as Shape5, filterSize, strides, 1, pad, dimRoundingMode));

/**
 * Pads the spatial axes (axes 1 to n of x) with `value`, before and after. Negative numbers crop.
 */
export function padSpatial(x: Tensor, pads: readonly (readonly [number, number])[], value = 0): Tensor {
  const padOf = (axis: number): readonly [number, number] => pads[axis - 1] ?? [0, 0];
  const isCropped = pads.some(([before, after]) => before < 0 || after < 0);
  // What is cropped may be padding: a window that lies outside of the input reads nothing else.
  const cropsPadding = x.shape.some((n, axis) => n + Math.min(0, ...padOf(axis)) < 0);
  const cropped = (y: Tensor): Tensor => {
    const begin = y.shape.map((_, axis) => Math.max(0, -padOf(axis)[0]));
    const size = y.shape.map((n, axis) => n - begin[axis]! - Math.max(0, -padOf(axis)[1]));
    return tf.slice(y, begin, size);
  };
  const padded = (y: Tensor): Tensor => {
    if (!pads.some(([before, after]) => before > 0 || after > 0)) return y;
    const paddings = y.shape.map((_, axis): [number, number] => {
      const [before, after] = padOf(axis);
      return [Math.max(0, before), Math.max(0, after)];
    });
    return tf.pad(y, paddings, value);
  };
  if (!isCropped) return padded(x);
  return cropsPadding ? cropped(padded(x)) : padded(cropped(x));
}

/**
 * The part of the input that the output reads, with its padding. It has exactly `(output -
 * 1)·stride + (window - 1)·dilation + 1` elements along each axis, so that the windows need no
 * further padding.
 */
export const readRegion = (x: Tensor, axes: readonly Axis[], value = 0): Tensor =>
  padSpatial(
    x,
    axes.map((a) => {
      const read = (a.output - 1) * a.stride + (a.window - 1) * a.dilation + 1;
      return [a.before, read - a.input - a.before] as const;
    }),
    value,
  );

/** Moves the axis `from` to directly behind the axis `behind`, and joins the two. */
export function interleave(x: Tensor, behind: number, from: number): Tensor {
  const s = x.shape;
  const blocks = tf.reshape(x, [
    sizeOf(s.slice(0, behind + 1)),
    sizeOf(s.slice(behind + 1, from)),
    s[from]!,
    sizeOf(s.slice(from + 1)),
  ]);
  const joined = s.flatMap((n, axis) => (axis === from ? [] : [axis === behind ? n * s[from]! : n]));
  const isInPlace = blocks.shape[1] === 1 || blocks.shape[2] === 1;
  return tf.reshape(isInPlace ? blocks : tf.transpose(blocks, [0, 2, 1, 3]), joined);
}
