/** @file Pooling. */
import * as tf from "@tensorflow/tfjs-core";
import type {
  AvgPool3DAttrs,
  AvgPoolAttrs,
  Dilation2DAttrs,
  MaxPool3DAttrs,
  MaxPoolAttrs,
  Tensor,
} from "@tensorflow/tfjs-core";
import { sumTo } from "./broadcasting.ts";
import { type Axis, axes2D, axes3D, readRegion } from "./conv-geometry.ts";
import { addRows } from "./gather.ts";
import { type GradientRule, rule, zeroRule } from "./rule.ts";
import { fromTaps, readTaps, toFirstMaximum } from "./taps.ts";
import { axisMap, transposeAlong } from "./separable.ts";

const axesOf2D = (
  shape: readonly number[],
  { filterSize, strides, pad, dimRoundingMode }: AvgPoolAttrs,
): readonly Axis[] =>
  axes2D(
    tf.backend_util.computePool2DInfo(
      shape as [number, number, number, number],
      filterSize,
      strides,
      1,
      pad,
      dimRoundingMode,
    ),
  );

const axesOf3D = (
  shape: readonly number[],
  { filterSize, strides, pad, dimRoundingMode }: AvgPool3DAttrs,
): readonly Axis[] =>
  axes3D(
    tf.backend_util.computePool3DInfo(
      shape as [number, number, number, number, number],
      filterSize,
      strides,
      1,
      pad,
      dimRoundingMode,
    ),
  );

/** Averages over a box are averages along each axis in turn, padding not counted; so is their transpose. */
const averageBack = (dy: Tensor, axes: readonly Axis[]): Tensor =>
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

/** Each window's gradient goes to its first maximum, as XLA's select-and-scatter has it. */
const maximumBack = (dy: Tensor, x: Tensor, axes: readonly Axis[]): Tensor =>
  dy.size === 0
    ? tf.zeros(x.shape)
    : fromTaps(toFirstMaximum(dy, readTaps(readRegion(x, axes, Number.NEGATIVE_INFINITY), axes)), axes);

const maxPool: GradientRule = rule<MaxPoolAttrs>("MaxPool")({
  inputs: ["x"],
  save: ["x"],
  backward: (dy, { shapes, saved: { x }, attrs }) => ({
    x: () => {
      const { filterSize, strides, pad, dimRoundingMode } = attrs;
      // The kernel that knows the positions cannot round up nor pad by a list, and on wasm it takes the smallest positive number
      // for the smallest number.
      const unable =
        typeof pad === "object" || (dimRoundingMode ?? "floor") !== "floor" || tf.getBackend() === "wasm";
      if (unable || dy.size === 0) {
        return maximumBack(dy, x, axesOf2D(shapes.x, attrs));
      }
      const input = x as tf.Tensor4D;
      const { indexes } = tf.maxPoolWithArgmax(input, filterSize, strides, pad, true);
      return tf.reshape(
        addRows(tf.reshape(dy, [dy.size]), tf.reshape(indexes!, [dy.size]), x.size),
        shapes.x,
      );
    },
  }),
});

const maxPool3D: GradientRule = rule<MaxPool3DAttrs>("MaxPool3D")({
  inputs: ["x"],
  save: ["x"],
  backward: (dy, { shapes, saved: { x }, attrs }) => ({
    x: () => maximumBack(dy, x, axesOf3D(shapes.x, attrs)),
  }),
});

/** y = largest x + filter in the window: to x and to the filter where it was attained (the first time). */
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
  backward: (dy, { shapes, attrs }) => ({ x: () => averageBack(dy, axesOf2D(shapes.x, attrs)) }),
});

const avgPool3D: GradientRule = rule<AvgPool3DAttrs>("AvgPool3D")({
  inputs: ["x"],
  backward: (dy, { shapes, attrs }) => ({ x: () => averageBack(dy, axesOf3D(shapes.x, attrs)) }),
});

/** `maxPool`, `avgPool`, `pool`, `maxPool3d`, `avgPool3d`, `dilation2d`. */
export const poolRules: readonly GradientRule[] = [
  maxPool,
  maxPool3D,
  avgPool,
  avgPool3D,
  zeroRule("MaxPoolWithArgmax", "x"),
  dilation2D,
];
