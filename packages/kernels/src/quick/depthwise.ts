/**
 * @file A depthwise convolution and its two gradients, by depthwise convolutions of rearranged
 * operands.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { joinPhases, phases, spreadOutput } from "./convolve.ts";
import { type Axis, readRegion } from "../conv-geometry.ts";

const pair = (axes: readonly Axis[], key: "stride" | "dilation"): [number, number] => [
  axes[0]![key],
  axes[1]![key],
];

const valid = (x: Tensor, filter: Tensor, strides: [number, number], dilations: [number, number]): Tensor =>
  tf.depthwiseConv2d(x as Tensor4D, filter as Tensor4D, strides, "valid", "NHWC", dilations);

/**
 * The convolution, from its geometry. x: `[N, H, W, C]`, filter: `[h, w, C, M]`, result: `[N, H',
 * W', C·M]`.
 */
export const depthwiseConvolve = (x: Tensor, filter: Tensor, axes: readonly Axis[]): Tensor =>
  valid(readRegion(x, axes), filter, pair(axes, "stride"), pair(axes, "dilation"));

/**
 * Like `inputGradient`, with one filter per channel of dy and the phases as its multiplier. The
 * filters of one channel are then summed.
 */
export function depthwiseInputGradient(dy: Tensor, filter: Tensor, axes: readonly Axis[]): Tensor {
  const [, , channels, multiplier] = filter.shape as [number, number, number, number];
  const { blocks, rows } = phases(filter, axes);
  const [sh, sw] = pair(axes, "stride");
  // [m, r, C·M] → [m, C·M, r]
  const kernel = tf.reshape(tf.transpose(rows, [0, 2, 1]), [...blocks, channels * multiplier, sh * sw]);
  let dx = valid(spreadOutput(dy, axes), kernel, [1, 1], pair(axes, "dilation"));
  const [n, h, w] = dx.shape as [number, number, number];
  if (sh * sw > 1) {
    // The phases come behind the channels: [N, q, q', C·M, s·s'] → [N, q, q', s, s', C·M].
    const behind = tf.reshape(dx, [n * h * w, channels * multiplier, sh * sw]);
    const before = tf.transpose(behind, [0, 2, 1]);
    dx = joinPhases(tf.reshape(before, [n, h, w, sh, sw, channels * multiplier]), axes);
  }
  const [, height, width] = dx.shape as [number, number, number];
  return multiplier === 1 ? dx : tf.sum(tf.reshape(dx, [n, height, width, channels, multiplier]), 4);
}

/**
 * dW[k, c, m] = Σ x[n, s·p + d·k, c] dy[n, p, c·M + m]. Each (n, c) becomes a channel, with dy as
 * its filter. The result is then summed over n.
 */
export function depthwiseFilterGradient(
  x: Tensor,
  dy: Tensor,
  axes: readonly Axis[],
  multiplier: number,
): Tensor {
  const region = readRegion(x, axes);
  const [n, h, w, channels] = region.shape as [number, number, number, number];
  const [, oh, ow, outputs] = dy.shape as [number, number, number, number];
  const merge = (t: Tensor, size: number, inner: number): Tensor =>
    n === 1 ? t : tf.transpose(tf.reshape(t, [n, size, inner]), [1, 0, 2]);
  const input = tf.reshape(merge(region, h * w, channels), [1, h, w, n * channels]);
  const filter = tf.reshape(merge(dy, oh * ow, outputs), [oh, ow, n * channels, multiplier]);
  const each = valid(input, filter, pair(axes, "dilation"), pair(axes, "stride"));
  const [, kh, kw] = each.shape as [number, number, number];
  return tf.reshape(tf.sum(tf.reshape(each, [kh * kw, n, outputs]), 1), [kh, kw, channels, multiplier]);
}
