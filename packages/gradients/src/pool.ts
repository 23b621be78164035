/** @file Pools. */
import {
  axes2D,
  axesOf2D,
  axesOf3D,
  type Axis,
  maxPoolGradient,
  meanPool,
  type PoolAttrs,
  poolKernelNames,
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
import { zero } from "./zero.ts";

/**
 * The gradient of a mean pool. Without the kernel for it, this works along one axis at a time: a
 * mean over a box, without padding, is a mean along each axis in turn, and so is its transpose.
 */
const averageBack = (dy: Tensor, axes: readonly Axis[]): Tensor =>
  sharesOf(dy, axes) ??
  axes.reduce((gradient, a, i) => {
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
  return (
    maxPoolGradient(dy, x, axes) ??
    fromTaps(toFirstMaximum(dy, readTaps(readRegion(x, axes, Number.NEGATIVE_INFINITY), axes)), axes)
  );
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
    x: () => averageBack(dy, axesOf2D(shapes.x, attrs)),
  }),
});

const avgPool3D: GradientRule = rule<AvgPool3DAttrs>("AvgPool3D")({
  inputs: ["x"],
  backward: (dy, { shapes, attrs }) => ({
    x: () => averageBack(dy, axesOf3D(shapes.x, attrs)),
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

/** The numbers at these positions; 0 where a position is -1. */
function numbersAt(x: Tensor, positions: Tensor, shape: number[]): Tensor {
  const numbers = tf.concat([tf.zeros([1]), tf.reshape(x, [x.size])]);
  return tf.reshape(tf.gather(numbers, tf.add(positions, tf.scalar(1, "int32"))), shape);
}

/** Rules for the kernels that the rules above use. */
export const ownPoolRules: readonly GradientRule[] = [
  zeroRule(poolKernelNames.selection, "x"),
  rule<PoolAttrs>(poolKernelNames.maxGradient)({
    inputs: ["dy", "x"],
    save: ["x"],
    backward: (g, { shapes, saved: { x }, attrs: { axes } }) => ({
      // Only where there is the one kernel, there is the other.
      dy: () => numbersAt(g, selectionOf(x, axes)!, shapes.dy),
      x: () => zero(shapes.x),
    }),
  }),
  rule<PoolAttrs>(poolKernelNames.mean)({
    inputs: ["x"],
    backward: (dy, { attrs: { axes } }) => ({ x: () => averageBack(dy, axes) }),
  }),
  // The transpose of a transpose is the pool itself.
  rule<PoolAttrs>(poolKernelNames.shares)({
    inputs: ["dy"],
    backward: (g, { attrs: { axes } }) => ({ dy: () => meanPool(g, axes)! }),
  }),
];
