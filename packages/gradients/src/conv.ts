/**
 * @file Convolutions. Both gradients of a convolution are convolutions of rearranged operands, so forward kernels do the work, and
 * they have gradients of every order. tensorflow.js's backward kernels are missing or wrong on wasm and slow on cpu.
 */
import * as tf from "@tensorflow/tfjs-core";
import type {
  Conv2DAttrs,
  Conv2DBackpropFilterAttrs,
  Conv2DBackpropInputAttrs,
  Conv3DAttrs,
  Conv3DBackpropFilterV2Attrs,
  Conv3DBackpropInputV2Attrs,
  Tensor,
  Tensor4D,
  Tensor5D,
} from "@tensorflow/tfjs-core";
import { type Axis, axes2D, axes3D, interleave, padSpatial, readRegion } from "./conv-geometry.ts";
import { type GradientRule, rule } from "./rule.ts";

type Shape4 = [number, number, number, number];
type Shape5 = [number, number, number, number, number];

/** A convolution without padding. x: `[N, ...spatial, I]`, filter: `[...window, I, O]`. */
function valid(x: Tensor, filter: Tensor, strides: readonly number[], dilations: readonly number[]): Tensor {
  if (x.rank === 4) {
    const [s, d] = [strides as [number, number], dilations as [number, number]];
    return tf.conv2d(x as Tensor4D, filter as Tensor4D, s, "valid", "NHWC", d);
  }
  const [s, d] = [strides as [number, number, number], dilations as [number, number, number]];
  return tf.conv3d(x as Tensor5D, filter as Tensor5D, s, "valid", "NDHWC", d);
}

/** The convolution itself, from its axes. */
export const convolve = (x: Tensor, filter: Tensor, axes: readonly Axis[]): Tensor =>
  valid(
    readRegion(x, axes),
    filter,
    axes.map((a) => a.stride),
    axes.map((a) => a.dilation),
  );

/**
 * dW[k, i, o] = Σ x[n, s·p + d·k, i] dy[n, p, o]: a convolution over p, with channels for the batch, the batch for channels, strides for
 * dilations and dilations for strides.
 */
export function filterGradient(x: Tensor, dy: Tensor, axes: readonly Axis[]): Tensor {
  const spatial = axes.map((_, i) => i + 1);
  const channels = axes.length + 1;
  const input = tf.transpose(readRegion(x, axes), [channels, ...spatial, 0]);
  const filter = tf.transpose(dy, [...spatial, 0, channels]);
  const gradient = valid(
    input,
    filter,
    axes.map((a) => a.dilation),
    axes.map((a) => a.stride),
  );
  return tf.transpose(gradient, [...spatial, 0, channels]);
}

/** With stride s, window element s·m + r serves the inputs of phase r: the window as `ceil(window / s)` blocks. */
const blocksOf = (axis: Axis): number =>
  axis.stride === 1 ? axis.window : Math.ceil(axis.window / axis.stride);

/**
 * Takes the window apart into blocks m and phases r, turns m around and puts the phases behind: `[...m, ...rest, ...r]` for a filter
 * `[...window, ...rest]`.
 */
export function phases(filter: Tensor, axes: readonly Axis[]): Tensor {
  const n = axes.length;
  const rest = filter.shape.slice(n);
  const wanted = axes.map((a) => blocksOf(a) * a.stride);
  const padded = wanted.every((size, i) => size === axes[i]!.window)
    ? filter
    : tf.pad(
        filter,
        filter.shape.map((size, axis): [number, number] => [0, axis < n ? wanted[axis]! - size : 0]),
      );
  if (axes.every((a) => a.stride === 1))
    return tf.reverse(
      padded,
      axes.map((_, i) => i),
    );
  const apart = tf.reshape(padded, [...axes.flatMap((a) => [blocksOf(a), a.stride]), ...rest]);
  const blocks = axes.map((_, i) => 2 * i);
  const others = rest.map((_, i) => 2 * n + i);
  const turned = tf.reverse(apart, blocks);
  return tf.transpose(turned, [...blocks, ...others, ...axes.map((_, i) => 2 * i + 1)]);
}

/** dy with the zeros that make every input position see all the outputs that read it. */
export const spreadOutput = (dy: Tensor, axes: readonly Axis[]): Tensor =>
  padSpatial(
    dy,
    axes.map((a) => {
      if (a.stride > 1) return [blocksOf(a) - 1, blocksOf(a) - 1] as const;
      const reach = (a.window - 1) * a.dilation;
      return [reach - a.before, a.input + a.before - a.output] as const;
    }),
  );

/** Puts phases in their places and cuts out the input: x is `[N, ...q, ...r, C]` with stride, `[N, ...input, C]` without. */
export function joinPhases(x: Tensor, axes: readonly Axis[]): Tensor {
  if (axes.every((a) => a.stride === 1)) return x;
  let joined = x;
  axes.forEach((_, i) => {
    joined = interleave(joined, 1 + i, 1 + axes.length);
  });
  return padSpatial(
    joined,
    axes.map((a, i) => {
      const before = a.stride > 1 ? -a.before : 0;
      return [before, a.input - joined.shape[i + 1]! - before] as const;
    }),
  );
}

/**
 * dx[n, s·q + r - before, i] = Σ dy[n, q - m, o] W[s·m + r, i, o]: a convolution with the window turned around, one phase r of the input
 * per group of channels when there is a stride.
 * @param dy - `[N, ...output, O]`.
 * @param filter - `[...window, I, O]`.
 * @returns `[N, ...input, I]`.
 */
export function inputGradient(dy: Tensor, filter: Tensor, axes: readonly Axis[]): Tensor {
  const n = axes.length;
  const inputs = filter.shape[n]!;
  const count = axes.reduce((product, a) => product * a.stride, 1);
  const apart = phases(filter, axes);
  // [...m, I, O, ...r] → [...m, O, ...r, I]
  const order = [...axes.map((_, i) => i), n + 1, ...apart.shape.slice(n + 2).map((_, i) => n + 2 + i), n];
  const kernel = tf.reshape(tf.transpose(apart, order), [
    ...axes.map(blocksOf),
    filter.shape[n + 1]!,
    count * inputs,
  ]);
  const ones = axes.map(() => 1);
  const y = valid(
    spreadOutput(dy, axes),
    kernel,
    ones,
    axes.map((a) => a.dilation),
  );
  if (count === 1) return y;
  const spatial = y.shape.slice(1, -1);
  return joinPhases(tf.reshape(y, [y.shape[0]!, ...spatial, ...axes.map((a) => a.stride), inputs]), axes);
}

const toLast = (x: Tensor, dataFormat: string): Tensor =>
  dataFormat === "NCHW" ? tf.transpose(x, [0, 2, 3, 1]) : x;
const fromLast = (x: Tensor, dataFormat: string): Tensor =>
  dataFormat === "NCHW" ? tf.transpose(x, [0, 3, 1, 2]) : x;

/** The axes of a 2-d convolution from its attributes. */
export const conv2DAxes = (
  input: readonly number[],
  filter: readonly number[],
  {
    strides,
    pad,
    dimRoundingMode,
    dataFormat,
    dilations = 1,
  }: Partial<Conv2DAttrs> & Pick<Conv2DAttrs, "strides" | "pad">,
  depthwise = false,
): readonly Axis[] =>
  axes2D(
    tf.backend_util.computeConv2DInfo(
      input as Shape4,
      filter as Shape4,
      strides,
      dilations,
      pad,
      dimRoundingMode,
      depthwise,
      dataFormat === "NCHW" ? "channelsFirst" : "channelsLast",
    ),
  );

const conv2d: GradientRule = rule<Conv2DAttrs>("Conv2D")({
  inputs: ["x", "filter"],
  save: ["x", "filter"],
  backward: (dy, { shapes, saved: { x, filter }, attrs }) => {
    const axes = conv2DAxes(shapes.x, shapes.filter, attrs);
    const { dataFormat } = attrs;
    return {
      x: () => fromLast(inputGradient(toLast(dy, dataFormat), filter, axes), dataFormat),
      filter: () => filterGradient(toLast(x, dataFormat), toLast(dy, dataFormat), axes),
    };
  },
});

/** `conv2dTranspose`: its gradients are a convolution's value and a convolution's filter gradient. */
const conv2dBackpropInput: GradientRule = rule<Conv2DBackpropInputAttrs>("Conv2DBackpropInput")({
  inputs: ["dy", "filter"],
  save: ["dy", "filter"],
  backward: (g, { shapes, saved: { dy, filter }, attrs }) => {
    const axes = conv2DAxes(attrs.inputShape, shapes.filter, attrs);
    const { dataFormat } = attrs;
    return {
      dy: () => fromLast(convolve(toLast(g, dataFormat), filter, axes), dataFormat),
      filter: () => filterGradient(toLast(g, dataFormat), toLast(dy, dataFormat), axes),
    };
  },
});

const conv2dBackpropFilter: GradientRule = rule<Conv2DBackpropFilterAttrs>("Conv2DBackpropFilter")({
  inputs: ["x", "dy"],
  save: ["x", "dy"],
  backward: (g, { shapes, saved: { x, dy }, attrs }) => {
    const axes = conv2DAxes(shapes.x, attrs.filterShape, attrs);
    const { dataFormat } = attrs;
    return {
      x: () => fromLast(inputGradient(toLast(dy, dataFormat), g, axes), dataFormat),
      dy: () => fromLast(convolve(toLast(x, dataFormat), g, axes), dataFormat),
    };
  },
});

const conv3DAxes = (
  input: readonly number[],
  filter: readonly number[],
  { strides, pad, dilations = 1 }: Partial<Conv3DAttrs> & Pick<Conv3DAttrs, "strides" | "pad">,
): readonly Axis[] =>
  axes3D(tf.backend_util.computeConv3DInfo(input as Shape5, filter as Shape5, strides, dilations, pad));

const conv3d: GradientRule = rule<Conv3DAttrs>("Conv3D")({
  inputs: ["x", "filter"],
  save: ["x", "filter"],
  backward: (dy, { shapes, saved: { x, filter }, attrs }) => {
    const axes = conv3DAxes(shapes.x, shapes.filter, attrs);
    return { x: () => inputGradient(dy, filter, axes), filter: () => filterGradient(x, dy, axes) };
  },
});

const conv3dBackpropInput: GradientRule = rule<Conv3DBackpropInputV2Attrs>("Conv3DBackpropInputV2")({
  inputs: ["dy", "filter"],
  save: ["dy", "filter"],
  backward: (g, { shapes, saved: { dy, filter }, attrs }) => {
    const axes = conv3DAxes(attrs.inputShape, shapes.filter, attrs);
    return { dy: () => convolve(g, filter, axes), filter: () => filterGradient(g, dy, axes) };
  },
});

const conv3dBackpropFilter: GradientRule = rule<Conv3DBackpropFilterV2Attrs>("Conv3DBackpropFilterV2")({
  inputs: ["x", "dy"],
  save: ["x", "dy"],
  backward: (g, { shapes, saved: { x, dy }, attrs }) => {
    const axes = conv3DAxes(shapes.x, attrs.filterShape, attrs);
    return { x: () => inputGradient(dy, g, axes), dy: () => convolve(x, g, axes) };
  },
});

/** `conv1d`, `conv2d`, `conv2dTranspose`, `conv3d`, `conv3dTranspose`, with strides or dilations. */
export const convRules: readonly GradientRule[] = [
  conv2d,
  conv2dBackpropInput,
  conv2dBackpropFilter,
  conv3d,
  conv3dBackpropInput,
  conv3dBackpropFilter,
];
