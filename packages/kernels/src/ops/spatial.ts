/**
 * @file Convolutions and pools over two or three spatial axes, for which tensorflow.js has
 * different functions.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { mendKernels } from "../mend-kernels.ts";

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
 * A convolution over two or three spatial axes: `[n, ...spatial, in]` with `[...window, in, out]`.
 */
export function convSpatial(
  x: Tensor,
  kernel: Tensor,
  { strides, padding, dilations }: SpatialOptions,
): Tensor {
  mendKernels();
  if (x.rank === 4) {
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
  // `tf.conv3d` does not take padding as numbers.
  const padded = padding.every(([before, after]) => before === 0 && after === 0)
    ? x
    : tf.pad(x, [[0, 0], ...padding.map(([before, after]): Pair => [before, after]), [0, 0]]);
  type Triple = [number, number, number];
  return tf.conv3d(
    padded as tf.Tensor5D,
    kernel as tf.Tensor5D,
    strides as Triple,
    "valid",
    "NDHWC",
    dilations as Triple,
  );
}

/**
 * A depthwise convolution, where every channel has its own filters: `[n, h, w, c]` with `[rows,
 * columns, c, filters]`.
 */
export function depthwiseSpatial(x: Tensor, kernel: Tensor, how: SpatialOptions): Tensor {
  mendKernels();
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
  mendKernels();
  if (x.rank === 4) {
    const pool = kind === "avg" ? tf.avgPool : tf.maxPool;
    return pool(x as tf.Tensor4D, window as Pair, strides as Pair, "valid");
  }
  const pool = kind === "avg" ? tf.avgPool3d : tf.maxPool3d;
  type Triple = [number, number, number];
  return pool(x as tf.Tensor5D, window as Triple, strides as Triple, "valid");
}
