/** @file Pooling. */
import * as tf from "@tensorflow/tfjs-core";
import type {
  AvgPool3DAttrs,
  AvgPoolAttrs,
  MaxPool3DAttrs,
  MaxPoolAttrs,
  Tensor,
} from "@tensorflow/tfjs-core";
import {
  type Axis,
  axes2D,
  axes3D,
  interleave,
  padSpatial,
  readRegion,
  readTaps,
  tapsOf,
} from "./conv-geometry.ts";
import { addRows } from "./gather.ts";
import { type GradientRule, rule, zeroRule } from "./rule.ts";
import { indicator, only, positive } from "./select.ts";
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

/** Adds up what each window gives back to its elements, one tensor `[N, ...output, C]` per element. The transpose of `readTaps`. */
function fromTaps(parts: readonly Tensor[], axes: readonly Axis[]): Tensor {
  const blocks = axes.map((a) => Math.ceil(a.window / a.stride));
  const byPhase = new Map<string, Tensor[]>();
  tapsOf(axes).forEach((offsets, i) => {
    // Element s·m + r of window p is element r of block p + m.
    const phase = offsets.map((k, axis) => k % axes[axis]!.stride).join();
    const pads = offsets.map((k, axis) => {
      const m = Math.floor(k / axes[axis]!.stride);
      return [m, blocks[axis]! - 1 - m] as const;
    });
    byPhase.set(phase, [...(byPhase.get(phase) ?? []), padSpatial(parts[i]!, pads)]);
  });
  const phases = tapsOf(axes.map((a) => ({ ...a, window: a.stride }))).map((phase) =>
    byPhase.get(phase.join()),
  );
  const sums = phases.map((terms) => (terms === undefined ? undefined : tf.addN(terms)));
  const some = sums.find((sum) => sum !== undefined)!;
  const n = axes.length;
  const spatial = some.shape.slice(1, -1);
  const channels = some.shape.at(-1)!;
  const stacked = tf.stack(
    sums.map((sum) => sum ?? tf.zerosLike(some)),
    n + 1,
  );
  let region = tf.reshape(stacked, [some.shape[0]!, ...spatial, ...axes.map((a) => a.stride), channels]);
  axes.forEach((_, i) => {
    region = interleave(region, 1 + i, 1 + n);
  });
  return padSpatial(
    region,
    axes.map((a, i) => [-a.before, a.before + a.input - region.shape[i + 1]!] as const),
  );
}

/** Each window's gradient goes to its first maximum, as XLA's select-and-scatter has it. Element by element of the window. */
function maximumBack(dy: Tensor, x: Tensor, axes: readonly Axis[]): Tensor {
  if (dy.size === 0) return tf.zeros(x.shape);
  const taps = readTaps(readRegion(x, axes, Number.NEGATIVE_INFINITY), axes);
  // Its own maximum: wasm's maxPool3d takes the smallest positive number for the smallest number.
  const y = taps.reduce((largest, tap) => tf.maximum(largest, tap));
  let free: Tensor = tf.onesLike(dy);
  const parts = taps.map((tap) => {
    // In numbers, not in bool: logic is scalar code on wasm.
    const below = indicator(positive(tf.sub(y, tap)));
    const first = tf.mul(free, tf.sub(1, below));
    free = tf.mul(free, below);
    return only(tf.cast(first, "bool"), dy);
  });
  return fromTaps(parts, axes);
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
