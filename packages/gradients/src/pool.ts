/** @file Pools. */
import {
  addRows,
  axes2D,
  axesOf2D,
  axesOf3D,
  type Axis,
  type MeanPool,
  readRegion,
  selectionOf,
  sharesOf,
  sumTo,
} from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import type {
  AvgPool3DAttrs,
  AvgPoolAttrs,
  Dilation2DAttrs,
  MaxPool3DAttrs,
  MaxPoolAttrs,
  Tensor,
} from "@tensorflow/tfjs-core";
import { type GradientRule, rule, zeroRule } from "./rule.ts";
import { axisMap, transposeAlong } from "./separable.ts";
import { fromTaps, readTaps, toFirstMaximum } from "./taps.ts";

/**
 * The gradient of a mean pool. Without the kernel for it, this works along one axis at a time: a
 * mean over a box, without padding, is a mean along each axis in turn, and so is its transpose.
 */
const averageBack = (dy: Tensor, pool: MeanPool): Tensor =>
  sharesOf(dy, pool) ??
  pool.axes.reduce((gradient, a, i) => {
    const map = axisMap(a.input, a.output, (out) => {
      const begin = out * a.stride - a.before;
      const read = Array.from({ length: a.window }, (_, k) => begin + k).filter(
        (at) => at >= 0 && at < a.input,
      );
      return read.map((at) => [at, 1 / read.length] as const);
    });
    return transposeAlong(gradient, i + 1, map);
  }, dy);

/**
 * The gradient of a maximum pool. As in XLA's select-and-scatter, each window's gradient goes to
 * its first maximum.
 */
function maximumBack(dy: Tensor, x: Tensor, axes: readonly Axis[]): Tensor {
  if (dy.size === 0) return tf.zeros(x.shape);
  const positions = selectionOf(x, axes);
  if (!positions)
    return fromTaps(toFirstMaximum(dy, readTaps(readRegion(x, axes, Number.NEGATIVE_INFINITY), axes)), axes);
  const rows = tf.reshape(dy, [dy.size]);
  const readsPadding = axes.some(
    (a) => a.before > 0 || (a.output - 1) * a.stride + (a.window - 1) * a.dilation - a.before >= a.input,
  );
  if (!readsPadding) return tf.reshape(addRows(rows, positions, x.size), x.shape);
  // The gradient of padding goes to an extra place in front, which is then cut off.
  const summed = addRows(rows, tf.add(positions, tf.scalar(1, "int32")), x.size + 1);
  return tf.reshape(tf.slice(summed, 1, x.size), x.shape);
}

const maxPool: GradientRule = rule<MaxPoolAttrs>("MaxPool")({
  inputs: ["x"],
  save: ["x"],
  backward: (dy, { shapes, saved: { x }, attrs }) => ({
    x: () => maximumBack(dy, x, axesOf2D(shapes.x, attrs)),
  }),
});

const maxPool3D: GradientRule = rule<MaxPool3DAttrs>("MaxPool3D")({
  inputs: ["x"],
  save: ["x"],
  backward: (dy, { shapes, saved: { x }, attrs }) => ({
    x: () => maximumBack(dy, x, axesOf3D(shapes.x, attrs)),
  }),
});

/**
 * y is the largest x + filter in the window. The gradient goes to the x and to the filter element
 * of the first maximum.
 */
const dilation2D: GradientRule = rule<Dilation2DAttrs>("Dilation2D")({
  inputs: ["x", "filter"],
  save: ["x", "filter"],
  backward: (dy, { shapes, saved: { x, filter }, attrs: { strides, pad, dilations } }) => {
    const input = shapes.x as [number, number, number, number];
    const window = shapes.filter as [number, number, number];
    const axes = axes2D(
      tf.backend_util.computeDilation2DInfo(input, window, strides, pad, "NHWC", dilations),
    );
    const parts = (): readonly Tensor[] => {
      const rows = tf.unstack(tf.reshape(filter, [window[0] * window[1], window[2]]));
      const taps = readTaps(readRegion(x, axes, Number.NEGATIVE_INFINITY), axes);
      return toFirstMaximum(
        dy,
        taps.map((tap, i) => tf.add(tap, rows[i]!)),
      );
    };
    return {
      x: () => fromTaps(parts(), axes),
      filter: () => tf.reshape(tf.stack(parts().map((part) => sumTo(part, [window[2]]))), window),
    };
  },
});

const avgPool: GradientRule = rule<AvgPoolAttrs>("AvgPool")({
  inputs: ["x"],
  backward: (dy, { shapes, attrs }) => ({
    x: () => {
      const { filterSize, strides, pad, dimRoundingMode } = attrs;
      const forward = (x: Tensor): Tensor =>
        tf.avgPool(x as tf.Tensor4D, filterSize, strides, pad, dimRoundingMode);
      return averageBack(dy, { axes: axesOf2D(shapes.x, attrs), forward });
    },
  }),
});

const avgPool3D: GradientRule = rule<AvgPool3DAttrs>("AvgPool3D")({
  inputs: ["x"],
  backward: (dy, { shapes, attrs }) => ({
    x: () => {
      const { filterSize, strides, pad, dimRoundingMode } = attrs;
      const forward = (x: Tensor): Tensor =>
        tf.avgPool3d(x as tf.Tensor5D, filterSize, strides, pad, dimRoundingMode);
      return averageBack(dy, { axes: axesOf3D(shapes.x, attrs), forward });
    },
  }),
});

/** Rules for `maxPool`, `avgPool`, `pool`, `maxPool3d`, `avgPool3d` and `dilation2d`. */
export const poolRules: readonly GradientRule[] = [
  maxPool,
  maxPool3D,
  avgPool,
  avgPool3D,
  zeroRule("MaxPoolWithArgmax", "x"),
  dilation2D,
];
