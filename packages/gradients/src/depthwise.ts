/** @file Depthwise convolutions. */
import type {
  DepthwiseConv2dNativeAttrs,
  DepthwiseConv2dNativeBackpropFilterAttrs,
  DepthwiseConv2dNativeBackpropInputAttrs,
} from "@tensorflow/tfjs-core";
import {
  conv2DAxes,
  convolve,
  filterGradient,
  filtersOf,
  inputGradient,
  perChannel,
} from "@nnxjs/kernels/internal";
import type { Axis } from "@nnxjs/kernels/internal";
import type { Tensor } from "@tensorflow/tfjs-core";
import { type GradientRule, rule } from "./rule.ts";

/** The convolution, where each channel is a group; filter: `[h, w, C, M]`. */
export const depthwiseConvolve = (x: Tensor, filter: Tensor, axes: readonly Axis[]): Tensor =>
  convolve(x, filtersOf(filter), axes, filter.shape[2]);

export const depthwiseInputGradient = (dy: Tensor, filter: Tensor, axes: readonly Axis[]): Tensor =>
  inputGradient(dy, filtersOf(filter), axes, filter.shape[2]);

export const depthwiseFilterGradient = (x: Tensor, dy: Tensor, axes: readonly Axis[]): Tensor =>
  perChannel(filterGradient(x, dy, axes, x.shape[3]), x.shape[3]!);

const depthwise: GradientRule = rule<DepthwiseConv2dNativeAttrs>("DepthwiseConv2dNative")({
  inputs: ["x", "filter"],
  save: ["x", "filter"],
  backward: (dy, { shapes, saved: { x, filter }, attrs }) => {
    const axes = conv2DAxes(shapes.x, shapes.filter, attrs, true);
    return {
      x: () => depthwiseInputGradient(dy, filter, axes),
      filter: () => depthwiseFilterGradient(x, dy, axes),
    };
  },
});

const backpropInput: GradientRule = rule<DepthwiseConv2dNativeBackpropInputAttrs>(
  "DepthwiseConv2dNativeBackpropInput",
)({
  inputs: ["dy", "filter"],
  save: ["dy", "filter"],
  backward: (g, { shapes, saved: { dy, filter }, attrs }) => {
    const axes = conv2DAxes(attrs.inputShape, shapes.filter, attrs, true);
    return {
      dy: () => depthwiseConvolve(g, filter, axes),
      filter: () => depthwiseFilterGradient(g, dy, axes),
    };
  },
});

const backpropFilter: GradientRule = rule<DepthwiseConv2dNativeBackpropFilterAttrs>(
  "DepthwiseConv2dNativeBackpropFilter",
)({
  inputs: ["x", "dy"],
  save: ["x", "dy"],
  backward: (g, { shapes, saved: { x, dy }, attrs }) => {
    const axes = conv2DAxes(shapes.x, attrs.filterShape, attrs, true);
    return { x: () => depthwiseInputGradient(dy, g, axes), dy: () => depthwiseConvolve(x, g, axes) };
  },
});

/** Rules for `depthwiseConv2d`, and so for `separableConv2d`. */
export const depthwiseRules: readonly GradientRule[] = [depthwise, backpropInput, backpropFilter];
