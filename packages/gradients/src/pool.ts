/** @file Pooling. */
import * as tf from "@tensorflow/tfjs-core";
import type {
  AvgPool3DAttrs,
  AvgPoolAttrs,
  MaxPool3DAttrs,
  MaxPoolAttrs,
  Tensor,
} from "@tensorflow/tfjs-core";
import { sizeOf } from "./broadcasting.ts";
import { type Axis, axes2D, axes3D } from "./conv-geometry.ts";
import { addRows } from "./gather.ts";
import { type GradientRule, rule, zeroRule } from "./rule.ts";
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

/** Rows of the padded input at which each window begins, and how far its elements are from there. */
function windows(batch: number, axes: readonly Axis[], padded: readonly number[]) {
  let begins = Array.from({ length: batch }, (_, n) => n);
  let offsets = [0];
  axes.forEach((a, i) => {
    begins = begins.flatMap((row) =>
      Array.from({ length: a.output }, (_, out) => row * padded[i]! + out * a.stride),
    );
    offsets = offsets.flatMap((row) => Array.from({ length: a.window }, (_, k) => row * padded[i]! + k));
  });
  return { begins, offsets };
}

/**
 * Where the first maximum of each window is, by `argMax` over its elements.
 * @returns int32 positions in x with `pads` around it, in the order of the output.
 */
function firstMaxima(x: Tensor, axes: readonly Axis[], pads: readonly [number, number][]): Tensor {
  const padded = tf.pad(x, [[0, 0], ...pads, [0, 0]], Number.NEGATIVE_INFINITY);
  const channels = x.shape.at(-1)!;
  const { begins, offsets } = windows(x.shape[0]!, axes, padded.shape.slice(1, -1));
  const rows = tf.tensor1d(
    Int32Array.from(begins.flatMap((begin) => offsets.map((offset) => begin + offset))),
    "int32",
  );
  const elements = tf.gather(tf.reshape(padded, [padded.size / channels, channels]), rows);
  const first = tf.argMax(tf.reshape(elements, [begins.length, offsets.length, channels]), 1);
  const chosen = tf.gather(tf.tensor1d(offsets, "int32"), first);
  const begin = tf.tensor2d(begins, [begins.length, 1], "int32");
  const byRow = tf.mul(tf.add(chosen, begin), tf.scalar(channels, "int32"));
  return tf.add(byRow, tf.range(0, channels, 1, "int32"));
}

/** Each window's gradient goes to its first maximum, as XLA's select-and-scatter has it. */
function maximumBack(dy: Tensor, x: Tensor, axes: readonly Axis[]): Tensor {
  if (dy.size === 0) return tf.zeros(x.shape);
  const pads = axes.map((a): [number, number] => {
    const read = (a.output - 1) * a.stride + a.window;
    return [a.before, Math.max(0, read - a.input - a.before)];
  });
  const shape = [x.shape[0]!, ...axes.map((a, i) => a.input + pads[i]![0] + pads[i]![1]), x.shape.at(-1)!];
  const positions = tf.reshape(firstMaxima(x, axes, pads), [dy.size]);
  const gradient = tf.reshape(addRows(tf.reshape(dy, [dy.size]), positions, sizeOf(shape)), shape);
  return tf.slice(gradient, [0, ...pads.map(([before]) => before), 0], x.shape);
}

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

const avgPool: GradientRule = rule<AvgPoolAttrs>("AvgPool")({
  inputs: ["x"],
  backward: (dy, { shapes, attrs }) => ({ x: () => averageBack(dy, axesOf2D(shapes.x, attrs)) }),
});

const avgPool3D: GradientRule = rule<AvgPool3DAttrs>("AvgPool3D")({
  inputs: ["x"],
  backward: (dy, { shapes, attrs }) => ({ x: () => averageBack(dy, axesOf3D(shapes.x, attrs)) }),
});

/** `maxPool`, `avgPool`, `pool`, `maxPool3d`, `avgPool3d`. */
export const poolRules: readonly GradientRule[] = [
  maxPool,
  maxPool3D,
  avgPool,
  avgPool3D,
  zeroRule("MaxPoolWithArgmax", "x"),
];
