/**
 * @file A convolution and its two gradients, all by forward kernels. The gradients of a convolution
 * are convolutions of rearranged operands, so they have gradients of every order.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Conv2DAttrs, Tensor, Tensor4D, Tensor5D } from "@tensorflow/tfjs-core";
import { sizeOf } from "../shape.ts";
import { type Axis, axes2D, interleave, padSpatial, readRegion } from "../conv-geometry.ts";
import { product } from "./product.ts";

type Shape4 = [number, number, number, number];

/** The geometry of a 2-d convolution, from its attributes. */
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

/** A convolution without padding. x: `[N, ...spatial, I]`, filter: `[...window, I, O]`. */
function valid(x: Tensor, filter: Tensor, strides: readonly number[], dilations: readonly number[]): Tensor {
  if (x.rank === 4) {
    const [s, d] = [strides as [number, number], dilations as [number, number]];
    return tf.conv2d(x as Tensor4D, filter as Tensor4D, s, "valid", "NHWC", d);
  }
  const [s, d] = [strides as [number, number, number], dilations as [number, number, number]];
  return tf.conv3d(x as Tensor5D, filter as Tensor5D, s, "valid", "NDHWC", d);
}

/** The convolution, from its geometry. */
export const convolve = (x: Tensor, filter: Tensor, axes: readonly Axis[]): Tensor =>
  valid(
    readRegion(x, axes),
    filter,
    axes.map((a) => a.stride),
    axes.map((a) => a.dilation),
  );

/** Whether each output reads one input, so that the convolution is a matrix product. */
const isPointwise = (axes: readonly Axis[]): boolean => axes.every((a) => a.window === 1 && a.stride === 1);

/**
 * dW[k, i, o] = Σ x[n, s·p + d·k, i] dy[n, p, o]. This is a convolution over p in which batch and
 * channels are exchanged, and so are strides and dilations.
 */
export function filterGradient(x: Tensor, dy: Tensor, axes: readonly Axis[]): Tensor {
  const region = readRegion(x, axes);
  const [batch, inputs, outputs] = [x.shape[0], x.shape.at(-1)!, dy.shape.at(-1)!];
  if (isPointwise(axes)) {
    const rows = sizeOf(dy.shape.slice(0, -1));
    const gradient = product(
      tf.reshape(region, [rows, inputs]),
      tf.reshape(dy, [rows, outputs]),
      true,
      false,
    );
    return tf.reshape(gradient, [...axes.map(() => 1), inputs, outputs]);
  }
  const spatial = region.shape.slice(1, -1);
  const input = tf.reshape(tf.transpose(tf.reshape(region, [batch, sizeOf(spatial), inputs]), [2, 1, 0]), [
    inputs,
    ...spatial,
    batch,
  ]);
  const positions = dy.shape.slice(1, -1);
  const filter = tf.reshape(tf.transpose(tf.reshape(dy, [batch, sizeOf(positions), outputs]), [1, 0, 2]), [
    ...positions,
    batch,
    outputs,
  ]);
  const gradient = valid(
    input,
    filter,
    axes.map((a) => a.dilation),
    axes.map((a) => a.stride),
  );
  const window = axes.map((a) => a.window);
  const byInput = tf.reshape(gradient, [inputs, sizeOf(window), outputs]);
  return tf.reshape(tf.transpose(byInput, [1, 0, 2]), [...window, inputs, outputs]);
}

/**
 * With stride s, element s·m + r of the window reads inputs of phase r. `shift` zeros before the
 * window make phase 0 begin at the first input, which is then in block `first`.
 */
function blocking(axis: Axis): { blocks: number; shift: number; first: number } {
  const { stride, before, window } = axis;
  const shift = (stride - (before % stride)) % stride;
  return { blocks: Math.ceil((window + shift) / stride), shift, first: (before + shift) / stride };
}

/** All combinations of one number below each bound. The last number varies fastest. */
const combinations = (bounds: readonly number[]): readonly (readonly number[])[] =>
  bounds.reduce<readonly (readonly number[])[]>(
    (lists, bound) => lists.flatMap((list) => Array.from({ length: bound }, (_, i) => [...list, i])),
    [[]],
  );

/**
 * Splits the window into blocks m and phases r, and reverses the blocks. One gather does both,
 * because reversing a tensor of many axes costs more than a convolution.
 * @param filter - `[...window, ...rest]`.
 * @returns The number of blocks along each axis, and `[blocks, phases, rest]`.
 */
export function phases(filter: Tensor, axes: readonly Axis[]): { blocks: readonly number[]; rows: Tensor } {
  const parts = axes.map(blocking);
  const count = sizeOf(axes.map((a) => a.window));
  const rest = filter.size / count;
  const blocks = parts.map((part, i) => (axes[i]!.stride === 1 ? axes[i]!.window : part.blocks));
  const strides = axes.map((a) => a.stride);
  const ids = combinations(blocks).flatMap((turned) =>
    combinations(strides).map((phase) =>
      axes.reduce((row, a, i) => {
        const shift = a.stride === 1 ? 0 : parts[i]!.shift;
        const k = a.stride * (blocks[i]! - 1 - turned[i]!) + phase[i]! - shift;
        return row < 0 || k < 0 || k >= a.window ? -1 : row * a.window + k;
      }, 0),
    ),
  );
  // Positions beyond the window read a row of zeros at the end.
  const isCovered = ids.every((id) => id >= 0);
  const flat = tf.reshape(filter, [count, rest]);
  const rows = isCovered
    ? flat
    : tf.pad(flat, [
        [0, 1],
        [0, 0],
      ]);
  const order = tf.tensor1d(
    ids.map((id) => (id < 0 ? count : id)),
    "int32",
  );
  return { blocks, rows: tf.reshape(tf.gather(rows, order), [sizeOf(blocks), sizeOf(strides), rest]) };
}

/** Pads dy so that every input position meets all the outputs that read it. */
export const spreadOutput = (dy: Tensor, axes: readonly Axis[]): Tensor =>
  padSpatial(
    dy,
    axes.map((a) => {
      const { blocks, first } = blocking(a);
      const reach = a.stride === 1 ? (a.window - 1) * a.dilation : blocks - 1;
      const before = reach - first;
      return [before, Math.ceil(a.input / a.stride) + reach - a.output - before] as const;
    }),
  );

/** Interleaves the phases and crops the result: `[N, ...q, ...r, C]` → `[N, ...input, C]`. */
export function joinPhases(x: Tensor, axes: readonly Axis[]): Tensor {
  let joined = x;
  axes.forEach((_, i) => {
    joined = interleave(joined, 1 + i, 1 + axes.length);
  });
  return padSpatial(
    joined,
    axes.map((a, i) => [0, a.input - joined.shape[i + 1]!] as const),
  );
}

/**
 * dx[n, s·q + r, i] = Σ dy[n, q - m, o] W[s·m + r, i, o], up to shifts. This is a convolution with
 * the reversed window. With a stride, each phase r of the input is one group of channels.
 * @param dy - `[N, ...output, O]`.
 * @param filter - `[...window, I, O]`.
 * @returns `[N, ...input, I]`.
 */
export function inputGradient(dy: Tensor, filter: Tensor, axes: readonly Axis[]): Tensor {
  const n = axes.length;
  const [inputs, outputs] = filter.shape.slice(n) as [number, number];
  if (isPointwise(axes) && axes.every((a) => a.before === 0 && a.input === a.output)) {
    const pixels = tf.reshape(dy, [dy.size / outputs, outputs]);
    const gradient = product(pixels, tf.reshape(filter, [inputs, outputs]), false, true);
    return tf.reshape(gradient, [...dy.shape.slice(0, -1), inputs]);
  }
  const count = axes.reduce((product, a) => product * a.stride, 1);
  const { blocks, rows } = phases(filter, axes);
  // [m, r, I, O] → [m, O, r, I]
  const turned = tf.transpose(tf.reshape(rows, [sizeOf(blocks), count * inputs, outputs]), [0, 2, 1]);
  const kernel = tf.reshape(turned, [...blocks, outputs, count * inputs]);
  const ones = axes.map(() => 1);
  const y = valid(
    spreadOutput(dy, axes),
    kernel,
    ones,
    axes.map((a) => a.dilation),
  );
  if (count === 1) return y;
  const spatial = y.shape.slice(1, -1);
  return joinPhases(tf.reshape(y, [y.shape[0], ...spatial, ...axes.map((a) => a.stride), inputs]), axes);
}
