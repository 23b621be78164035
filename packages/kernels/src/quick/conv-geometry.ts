/**
 * @file The geometry of a convolution or pool along each spatial axis, and the padding and
 * reshaping that follow from it.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { sizeOf } from "../shape.ts";

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

/** Height and width: for three spatial axes, the last two. */
export const axes2D = (info: Info2D): readonly Axis[] => [
  {
    input: info.inHeight,
    output: info.outHeight,
    window: info.filterHeight,
    stride: info.strideHeight,
    dilation: info.dilationHeight,
    before: info.padInfo.top,
  },
  {
    input: info.inWidth,
    output: info.outWidth,
    window: info.filterWidth,
    stride: info.strideWidth,
    dilation: info.dilationWidth,
    before: info.padInfo.left,
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
    before: info.padInfo.front,
  },
  ...axes2D(info),
];

/**
 * Pads the spatial axes (axes 1 to n of x) with `value`, before and after. Negative numbers crop.
 */
export function padSpatial(x: Tensor, pads: readonly (readonly [number, number])[], value = 0): Tensor {
  let result = x;
  if (pads.some(([before, after]) => before < 0 || after < 0)) {
    const begin = x.shape.map((_, axis) => Math.max(0, -(pads[axis - 1]?.[0] ?? 0)));
    const size = x.shape.map((n, axis) => n - begin[axis]! - Math.max(0, -(pads[axis - 1]?.[1] ?? 0)));
    result = tf.slice(result, begin, size);
  }
  if (pads.some(([before, after]) => before > 0 || after > 0)) {
    result = tf.pad(
      result,
      x.shape.map((_, axis): [number, number] => {
        const [before, after] = pads[axis - 1] ?? [0, 0];
        return [Math.max(0, before), Math.max(0, after)];
      }),
      value,
    );
  }
  return result;
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
