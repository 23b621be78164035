/** @file Convolutions on wasm: of empty tensors, and with a window smaller than its stride. */
import * as tf from "@tensorflow/tfjs-core";
import { sizeOf } from "../shape.ts";
import { filled } from "../memory/access.ts";
import { GPU, isGpu } from "../gpu/program.ts";
import { type Mend, mend } from "../mend.ts";

type Shape4 = [number, number, number, number];
type Shape5 = [number, number, number, number, number];
type Pad = tf.Conv2DAttrs["pad"];

/** The attributes of the convolution kernels over two axes that matter here. */
type Attrs = Pick<tf.Conv2DAttrs, "strides" | "pad"> &
  Partial<Pick<tf.Conv2DAttrs, "dilations" | "dimRoundingMode">>;

const onTwoAxes = (kernelName: string, isDepthwise: boolean): Mend =>
  mend<"x" | "filter", Attrs>(kernelName, ["wasm", ...GPU], (call) => {
    const {
      inputs: { x, filter },
      attrs,
      backend,
      stock,
    } = call;
    const { strides, pad, dilations = 1, dimRoundingMode } = attrs;
    const info = tf.backend_util.computeConv2DInfo(
      x.shape as Shape4,
      filter.shape as Shape4,
      strides,
      dilations,
      pad,
      dimRoundingMode,
      isDepthwise,
    );
    // A fused kernel still adds its bias, so an empty operand does not make its result 0.
    const isEmpty = sizeOf(x.shape) === 0 || sizeOf(filter.shape) === 0;
    if (isEmpty && (sizeOf(info.outShape) === 0 || !kernelName.startsWith("Fused")))
      return filled(backend, { shape: info.outShape, dtype: "float32" }, 0);
    const isSmall = info.filterHeight < info.strideHeight || info.filterWidth < info.strideWidth;
    if (isGpu(backend) || pad !== "same" || !isSmall) return stock();
    // The stock kernel is right when it gets the padding as numbers.
    const { top, bottom, left, right } = info.padInfo;
    const numbers: Pad = [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ];
    return stock(undefined, { pad: numbers });
  });

/** Replacements of convolution kernels. */
export const convolutionMends: readonly Mend[] = [
  onTwoAxes("Conv2D", false),
  onTwoAxes("FusedConv2D", false),
  onTwoAxes("DepthwiseConv2dNative", true),
  onTwoAxes("FusedDepthwiseConv2D", true),
  mend<"dy" | "filter", tf.Conv2DBackpropInputAttrs>(
    "Conv2DBackpropInput",
    ["wasm", ...GPU],
    ({ inputs: { dy, filter }, attrs: { inputShape }, backend, stock }) =>
      sizeOf(dy.shape) > 0 && sizeOf(filter.shape) > 0
        ? stock()
        : filled(backend, { shape: inputShape, dtype: "float32" }, 0),
  ),
  mend<"x" | "filter", tf.Conv3DAttrs>(
    "Conv3D",
    ["wasm", ...GPU],
    ({ inputs: { x, filter }, attrs: { strides, dilations, pad }, backend, stock }) => {
      if (sizeOf(x.shape) > 0 && sizeOf(filter.shape) > 0) return stock();
      const [input, window] = [x.shape as Shape5, filter.shape as Shape5];
      const shape = tf.backend_util.computeConv3DInfo(input, window, strides, dilations, pad).outShape;
      return filled(backend, { shape, dtype: "float32" }, 0);
    },
  ),
];
