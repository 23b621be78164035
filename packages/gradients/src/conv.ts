/**
 * @file Convolutions. tensorflow.js's own backward kernels are missing or wrong on wasm, and slow
 * on cpu.
 */
import {
  axes3D,
  type Axis,
  conv2DAxes,
  type ConvolutionAttrs,
  convolutionKernelNames,
  convolve,
  filterGradient,
  inputGradient,
} from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import type {
  Conv2DAttrs,
  Conv2DBackpropFilterAttrs,
  Conv2DBackpropInputAttrs,
  Conv3DAttrs,
  Conv3DBackpropFilterV2Attrs,
  Conv3DBackpropInputV2Attrs,
  Tensor,
} from "@tensorflow/tfjs-core";
import { type GradientRule, rule } from "./rule.ts";

type Shape5 = [number, number, number, number, number];

const toLast = (x: Tensor, dataFormat: string): Tensor =>
  dataFormat === "NCHW" ? tf.transpose(x, [0, 2, 3, 1]) : x;
const fromLast = (x: Tensor, dataFormat: string): Tensor =>
  dataFormat === "NCHW" ? tf.transpose(x, [0, 3, 1, 2]) : x;

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

/**
 * `conv2dTranspose`. The gradient for its input is a convolution; that for its filter is a filter
 * gradient.
 */
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

/**
 * Rules for `conv1d`, `conv2d`, `conv2dTranspose`, `conv3d` and `conv3dTranspose`, with strides or
 * dilations.
 */
export const convRules: readonly GradientRule[] = [
  conv2d,
  conv2dBackpropInput,
  conv2dBackpropFilter,
  conv3d,
  conv3dBackpropInput,
  conv3dBackpropFilter,
];

/** Rules for the kernels that the rules above use. */
export const ownConvRules: readonly GradientRule[] = [
  rule<ConvolutionAttrs>(convolutionKernelNames.convolution)({
    inputs: ["x", "filter"],
    save: ["x", "filter"],
    backward: (dy, { saved: { x, filter }, attrs: { axes, groups } }) => ({
      x: () => inputGradient(dy, filter, axes, groups),
      filter: () => filterGradient(x, dy, axes, groups),
    }),
  }),
  rule<ConvolutionAttrs>(convolutionKernelNames.inputGradient)({
    inputs: ["dy", "filter"],
    save: ["dy", "filter"],
    backward: (g, { saved: { dy, filter }, attrs: { axes, groups } }) => ({
      dy: () => convolve(g, filter, axes, groups),
      filter: () => filterGradient(g, dy, axes, groups),
    }),
  }),
  rule<ConvolutionAttrs>(convolutionKernelNames.filterGradient)({
    inputs: ["x", "dy"],
    save: ["x", "dy"],
    backward: (g, { saved: { x, dy }, attrs: { axes, groups } }) => ({
      x: () => inputGradient(dy, g, axes, groups),
      dy: () => convolve(x, g, axes, groups),
    }),
  }),
];
