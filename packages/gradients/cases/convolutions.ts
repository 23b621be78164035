/** @file Convolutions, pools, normalisations, images. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor3D, Tensor4D, Tensor5D } from "@tensorflow/tfjs-core";
import type { Case, Cases } from "./case.ts";

type Pad2D =
  | "same"
  | "valid"
  | number
  | [[number, number], [number, number], [number, number], [number, number]];

const conv = (strides: number | [number, number], pad: Pad2D, dilations = 1): Case => ({
  kernels: ["Conv2D"],
  f: (x, w) => tf.conv2d(x as Tensor4D, w as Tensor4D, strides, pad, "NHWC", dilations),
  within: 1e-4,
});
const conv3d = (strides: number, pad: "same" | "valid", dilations = 1): Case => ({
  kernels: ["Conv3D"],
  f: (x, w) => tf.conv3d(x as Tensor5D, w as Tensor5D, strides, pad, "NDHWC", dilations),
  within: 1e-4,
});
const transposed = (
  shape: [number, number, number, number],
  strides: number,
  pad: "same" | "valid",
): Case => ({
  kernels: ["Conv2DBackpropInput"],
  f: (x, w) => tf.conv2dTranspose(x as Tensor4D, w as Tensor4D, shape, strides, pad),
  within: 1e-4,
});
const depthwise = (strides: number, pad: "same" | "valid", dilations = 1): Case => ({
  kernels: ["DepthwiseConv2dNative"],
  f: (x, w) => tf.depthwiseConv2d(x as Tensor4D, w as Tensor4D, strides, pad, "NHWC", dilations),
  within: 1e-4,
});
const fusedConv = (activation: "relu" | "linear"): Case => ({
  kernels: ["Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter"],
  f: (x, filter, bias) =>
    tf.fused.conv2d({
      x: x as Tensor4D,
      filter: filter as Tensor4D,
      bias: bias!,
      strides: 1,
      pad: "same",
      activation,
    }),
  within: 1e-4,
});

/**
 * A convolution with two groups, from two convolutions: tensorflow.js has no grouped convolution.
 */
function grouped(x: Tensor, w: Tensor): Tensor {
  const [x1, x2] = tf.split(x, 2, 3) as Tensor4D[];
  const [w1, w2] = tf.split(w, 2, 3) as Tensor4D[];
  return tf.concat([tf.conv2d(x1!, w1!, 1, "same"), tf.conv2d(x2!, w2!, 1, "same")], 3);
}

const convolutions: Cases = {
  "conv2d same": conv(1, "same"),
  "conv2d valid": conv(1, "valid"),
  "conv2d stride 2 valid": conv(2, "valid"),
  "conv2d stride 2 same": conv(2, "same"),
  "conv2d stride 3 window 2": conv(3, "valid"),
  "conv2d strides 1, 2": conv([1, 2], "same"),
  "conv2d explicit pad": conv(1, [
    [0, 0],
    [2, 1],
    [0, 3],
    [0, 0],
  ]),
  "conv2d pad 1 stride 2": conv(2, 1),
  "conv2d dilated": conv(1, "valid", 2),
  "conv2d dilated same": conv(1, "same", 2),
  "conv2d 1x1": conv(1, "same"),
  "conv2d 1x1 stride 2": conv(2, "same"),
  "conv2d grouped": { kernels: ["Conv2D"], f: (x, w) => grouped(x!, w!), within: 1e-4 },
  conv1d: {
    kernels: ["Conv2D"],
    f: (x, w) => tf.conv1d(x as Tensor3D, w as Tensor3D, 1, "same"),
    within: 1e-4,
  },
  conv2dTranspose: transposed([1, 6, 5, 3], 2, "same"),
  "conv2dTranspose valid": transposed([1, 5, 4, 3], 1, "valid"),
  "conv3d same": conv3d(1, "same"),
  "conv3d stride 2": conv3d(2, "valid"),
  "conv3d dilated": conv3d(1, "valid", 2),
  "depthwiseConv2d same": depthwise(1, "same"),
  "depthwiseConv2d multiplier": depthwise(1, "valid"),
  "depthwiseConv2d stride 2": depthwise(2, "same"),
  "depthwiseConv2d dilated": depthwise(1, "valid", 2),
  separableConv2d: {
    kernels: ["DepthwiseConv2dNative", "Conv2D"],
    f: (x, w, p) => tf.separableConv2d(x as Tensor4D, w as Tensor4D, p as Tensor4D, 1, "same"),
    within: 2e-4,
  },
  "fused.conv2d relu": fusedConv("relu"),
  "fused.conv2d linear": fusedConv("linear"),
  "fused.depthwiseConv2d linear": {
    kernels: ["DepthwiseConv2dNativeBackpropInput", "DepthwiseConv2dNativeBackpropFilter"],
    f: (x, filter, bias) =>
      tf.fused.depthwiseConv2d({
        x: x as Tensor4D,
        filter: filter as Tensor4D,
        bias: bias!,
        strides: 1,
        pad: "same",
      }),
    within: 1e-4,
  },
};

const max = (size: number, strides: number, pad: "same" | "valid"): Case => ({
  kernels: ["MaxPool"],
  f: (x) => tf.maxPool(x as Tensor4D, size, strides, pad),
});
const average = (size: number, strides: number, pad: "same" | "valid"): Case => ({
  kernels: ["AvgPool"],
  f: (x) => tf.square(tf.avgPool(x as Tensor4D, size, strides, pad)),
});
const paddedPool: Case = {
  kernels: ["MaxPool"],
  f: (x) =>
    tf.engine().runKernel(
      "MaxPool",
      { x: x! },
      {
        filterSize: 2,
        strides: 2,
        pad: [
          [0, 0],
          [1, 0],
          [0, 1],
          [0, 0],
        ],
      },
    ) as Tensor,
};

type Parameter = Tensor1D | undefined;
const batchNorm = (mean: number, variance: number, scale?: number, offset?: number): Case => ({
  kernels: ["FusedBatchNorm"],
  f: (...xs) => {
    const at = (i: number | undefined): Parameter => (i === undefined ? undefined : (xs[i] as Tensor1D));
    return tf.batchNorm(xs[0]!, at(mean)!, at(variance)!, at(offset), at(scale), 1e-3);
  },
  within: 1e-4,
});

const pools: Cases = {
  maxPool: max(2, 2, "valid"),
  "maxPool same": max(3, 2, "same"),
  "maxPool overlapping": max(3, 1, "valid"),
  "maxPool explicit pad": paddedPool,
  avgPool: average(2, 2, "valid"),
  "avgPool same": average(3, 2, "same"),
  maxPool3d: {
    kernels: ["MaxPool3D"],
    f: (x) => tf.maxPool3d(x as Tensor5D, 2, 2, "valid"),
  },
  "maxPool3d same": {
    kernels: ["MaxPool3D"],
    f: (x) => tf.maxPool3d(x as Tensor5D, 2, 1, "same"),
  },
  avgPool3d: { kernels: ["AvgPool3D"], f: (x) => tf.square(tf.avgPool3d(x as Tensor5D, 2, 1, "same")) },
  batchNorm: batchNorm(1, 2, 3, 4),
  "batchNorm without scale": batchNorm(1, 2, undefined, 3),
  "batchNorm without offset": batchNorm(1, 2, 3),
  "batchNorm of x alone": batchNorm(1, 2),
  "batchNorm by moments": {
    kernels: ["Mean", "Rsqrt"],
    f: (x, g) => {
      const { mean, variance } = tf.moments(x!, 0);
      return tf.mul(tf.mul(tf.sub(x!, mean), tf.rsqrt(tf.add(variance, 1e-3))), g!);
    },
    within: 1e-4,
  },
  localResponseNormalization: {
    kernels: ["LRN"],
    f: (x) => tf.localResponseNormalization(x as Tensor4D, 2, 1.5, 0.3, 0.7),
  },
};

const images: Cases = Object.fromEntries(
  (
    [
      ["", false, false],
      [" alignCorners", true, false],
      [" halfPixelCenters", false, true],
    ] as const
  ).flatMap(([suffix, align, half]): [string, Case][] => [
    [
      `resizeBilinear${suffix}`,
      {
        kernels: ["ResizeBilinear"],
        f: (x) => tf.square(tf.image.resizeBilinear(x as Tensor4D, [5, 7], align, half)),
      },
    ],
    [
      `resizeNearestNeighbor${suffix}`,
      {
        kernels: ["ResizeNearestNeighbor"],
        f: (x) => tf.square(tf.image.resizeNearestNeighbor(x as Tensor4D, [5, 7], align, half)),
      },
    ],
  ]),
);

export const convolutionCases: Cases = {
  ...convolutions,
  ...pools,
  ...images,
  "resizeBilinear smaller": {
    kernels: ["ResizeBilinear"],
    f: (x) => tf.square(tf.image.resizeBilinear(x as Tensor4D, [2, 3], false, true)),
  },
};
