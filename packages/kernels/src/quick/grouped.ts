/** @file Convolutions in groups and their gradients, by kernels of tensorflow.js. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import * as whole from "./convolve.ts";
import type { Axis } from "../conv-geometry.ts";
import * as depthwise from "./depthwise.ts";

type Of = (a: Tensor, b: Tensor, axes: readonly Axis[]) => Tensor;
type OfGroups = (a: Tensor, b: Tensor, axes: readonly Axis[], groups: number) => Tensor;

/** In every one of them, the groups are parts of both operands' last axes, and of the result's. */
const inGroups =
  (one: Of): OfGroups =>
  (a, b, axes, groups) => {
    if (groups === 1) return one(a, b, axes);
    const parts = tf.split(b, groups, b.rank - 1);
    return tf.concat(
      tf.split(a, groups, a.rank - 1).map((part, i) => one(part, parts[i]!, axes)),
      a.rank - 1,
    );
  };

/** Filters `[h, w, C, M]` of tensorflow.js as those of C groups: `[h, w, 1, C·M]`. */
export const filtersOf = (filter: Tensor): Tensor =>
  tf.reshape(filter, [...filter.shape.slice(0, 2), 1, filter.shape[2]! * filter.shape[3]!]);

/**
 * Filters `[h, w, 1, C·M]` as tensorflow.js has them: `[h, w, C, M]`. Of no channels, M is 1.
 */
export const perChannel = (filter: Tensor, channels: number): Tensor =>
  tf.reshape(filter, [...filter.shape.slice(0, 2), channels, filter.shape[3]! / channels || 1]);

const isDepthwise = (x: Tensor, groups: number): boolean => groups !== 1 && x.rank === 4;

/** The convolution, from its geometry. */
export const convolve: OfGroups = (x, filter, axes, groups) =>
  isDepthwise(x, groups) && filter.shape[2] === 1
    ? depthwise.depthwiseConvolve(x, perChannel(filter, groups), axes)
    : inGroups(whole.convolve)(x, filter, axes, groups);

/** The gradient of the input. */
export const inputGradient: OfGroups = (dy, filter, axes, groups) =>
  isDepthwise(dy, groups) && filter.shape[2] === 1
    ? depthwise.depthwiseInputGradient(dy, perChannel(filter, groups), axes)
    : inGroups(whole.inputGradient)(dy, filter, axes, groups);

/** The gradient of the filter. */
export const filterGradient: OfGroups = (x, dy, axes, groups) => {
  if (!isDepthwise(x, groups) || x.shape[3] !== groups)
    return inGroups(whole.filterGradient)(x, dy, axes, groups);
  const outputs = dy.shape[3]!;
  const gradient = depthwise.depthwiseFilterGradient(x, dy, axes, outputs / groups);
  return tf.reshape(gradient, [...axes.map((a) => a.window), 1, outputs]);
};
