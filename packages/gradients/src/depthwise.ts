/** @file Depthwise convolutions. */
import type {
  DepthwiseConv2dNativeAttrs,
  DepthwiseConv2dNativeBackpropFilterAttrs,
  DepthwiseConv2dNativeBackpropInputAttrs,
} from "@tensorflow/tfjs-core";
import {
  conv2DAxes,
  depthwiseConvolve,
  depthwiseFilterGradient,
  depthwiseInputGradient,
} from "@nnxjs/kernels/internal";
import { type GradientRule, rule } from "./rule.ts";

const depthwise: GradientRule = rule<DepthwiseConv2dNativeAttrs>("DepthwiseConv2dNative")({
  inputs: ["x", "filter"],
  save: ["x", "filter"],
  backward: (dy, { shapes, saved: { x, filter }, attrs }) => {
    const axes = conv2DAxes(shapes.x, shapes.filter, attrs, true);
    return {
      x: () => depthwiseInputGradient(dy, filter, axes),
      filter: () => depthwiseFilterGradient(x, dy, axes, shapes.filter[3]!),
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
      filter: () => depthwiseFilterGradient(g, dy, axes, shapes.filter[3]!),
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
