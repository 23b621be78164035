/**
 * @file Convolutions and pools over two or three spatial axes, for which tensorflow.js has
 * different functions.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { convolve, inputGradient } from "../own/convolutions.ts";
import type { Axis } from "../conv-geometry.ts";
import { installKernels, useKernels } from "../registry.ts";
import { convolutions, pools } from "../topics/spatial.ts";

interface SpatialOptions {
  readonly strides: readonly number[];
  /** Zeros before and after each axis; not negative. */
  readonly padding: readonly (readonly [number, number])[];
  readonly dilations: readonly number[];
}

type Pair = [number, number];

const explicitPadding = (padding: SpatialOptions["padding"]): [Pair, Pair, Pair, Pair] => {
  const [rows = [0, 0], columns = [0, 0]] = padding;
  return [[0, 0], [...rows], [...columns], [0, 0]];
};

/**
 * A convolution over two or three spatial axes: `[n, ...spatial, in]` with
 * `[...window, in / groups, out]`.
 */
export function convSpatial(
  x: Tensor,
  kernel: Tensor,
  { strides, padding, dilations }: SpatialOptions,
  groups = 1,
): Tensor {
  useKernels(convolutions);
  installKernels();
  if (x.rank === 4 && groups === 1) {
    const pads = explicitPadding(padding);
    return tf.conv2d(
      x as tf.Tensor4D,
      kernel as tf.Tensor4D,
      strides as Pair,
      pads,
      "NHWC",
      dilations as Pair,
    );
  }
  const axes = strides.map((stride, i): Axis => {
    const [[before, after], input] = [padding[i]!, x.shape[i + 1]!];
    const [window, dilation] = [kernel.shape[i]!, dilations[i]!];
    const output = Math.floor((input + before + after - (window - 1) * dilation - 1) / stride) + 1;
    return { input, output, window, stride, dilation, before };
  });
  return convolve(x, kernel, axes, groups);
}

/**
 * The transpose of a convolution over two or three spatial axes with the same strides, dilations
 * and padding, where the padding may be negative: `[n, ...spatial, in]` with `[...window, out, in]`.
 * There are strides or dilations above 1, but not both.
 * @param size - The spatial sizes of the result. A convolution of it gives something like x.
 */
export function transposedSpatial(
  x: Tensor,
  kernel: Tensor,
  { strides, padding, dilations }: SpatialOptions,
  size: readonly number[],
): Tensor {
  useKernels(convolutions);
  installKernels();
  const axes = strides.map(
    (stride, i): Axis => ({
      input: size[i]!,
      output: x.shape[i + 1]!,
      window: kernel.shape[i]!,
      stride,
      dilation: dilations[i]!,
      before: padding[i]![0],
    }),
  );
  return inputGradient(x, kernel, axes);
}

/**
 * A depthwise convolution, where every channel has its own filters: `[n, h, w, c]` with `[rows,
 * columns, c, filters]`.
 */
export function depthwiseSpatial(x: Tensor, kernel: Tensor, how: SpatialOptions): Tensor {
  useKernels(convolutions);
  installKernels();
  return tf.depthwiseConv2d(
    x as tf.Tensor4D,
    kernel as tf.Tensor4D,
    how.strides as Pair,
    explicitPadding(how.padding),
    "NHWC",
    how.dilations as Pair,
  );
}

/** The mean or the maximum of each window within the input, over two or three spatial axes. */
export function poolValid(
  x: Tensor,
  kind: "avg" | "max",
  window: readonly number[],
  strides: readonly number[],
): Tensor {
  useKernels(pools);
  installKernels();
  if (x.rank === 4) {
    const pool = kind === "avg" ? tf.avgPool : tf.maxPool;
    return pool(x as tf.Tensor4D, window as Pair, strides as Pair, "valid");
  }
  const pool = kind === "avg" ? tf.avgPool3d : tf.maxPool3d;
  type Triple = [number, number, number];
  return pool(x as tf.Tensor5D, window as Triple, strides as Triple, "valid");
}
