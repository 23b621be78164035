/** @file The shapes of convolutions and pools, and of their gradients. */
import { backend_util } from "@tensorflow/tfjs-core";
import type { Inputs, Shaped, ShapeRule } from "./shape-rule.ts";

type Size = number | [number, number];
type Pad = "valid" | "same" | number | [number, number][];
type Four = [number, number, number, number];
type Five = [number, number, number, number, number];

interface ConvAttrs {
  readonly strides: Size;
  readonly pad: Pad;
  readonly dilations?: Size;
  readonly dataFormat?: "NHWC" | "NCHW";
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  readonly inputShape: Four;
  readonly filterShape: Four;
  readonly filterSize: Size;
}

const conv =
  (isDepthwise: boolean): ShapeRule =>
  (inputs, attrs) => {
    const { x, filter } = inputs as { x: Shaped; filter: Shaped };
    const own = attrs as unknown as ConvAttrs;
    const { outShape } = backend_util.computeConv2DInfo(
      x.shape as Four,
      filter.shape as Four,
      own.strides,
      own.dilations ?? 1,
      own.pad as never,
      own.dimRoundingMode,
      isDepthwise,
      isDepthwise ? "channelsLast" : backend_util.convertConv2DDataFormat(own.dataFormat ?? "NHWC"),
    );
    return { shape: outShape, dtype: x.dtype };
  };

const pool: ShapeRule = (inputs, attrs) => {
  const { x } = inputs as { x: Shaped };
  const own = attrs as unknown as ConvAttrs;
  const { outShape } = backend_util.computePool2DInfo(
    x.shape as Four,
    own.filterSize,
    own.strides,
    1,
    own.pad as never,
    own.dimRoundingMode,
  );
  return { shape: outShape, dtype: x.dtype };
};

interface Attrs3D {
  readonly filterSize: number | [number, number, number];
  readonly strides: number | [number, number, number];
  readonly dilations?: number | [number, number, number];
  readonly pad: "valid" | "same" | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  readonly dataFormat?: "NDHWC" | "NCDHW";
}

const pool3D: ShapeRule = (inputs, attrs) => {
  const { x } = inputs as { x: Shaped };
  const own = attrs as unknown as Attrs3D;
  const { outShape } = backend_util.computePool3DInfo(
    x.shape as Five,
    own.filterSize,
    own.strides,
    1,
    own.pad,
    own.dimRoundingMode,
    own.dataFormat,
  );
  return { shape: outShape, dtype: x.dtype };
};

const conv3D: ShapeRule = (inputs, attrs) => {
  const { x, filter } = inputs as { x: Shaped; filter: Shaped };
  const own = attrs as unknown as Attrs3D;
  const { outShape } = backend_util.computeConv3DInfo(
    x.shape as Five,
    filter.shape as Five,
    own.strides,
    own.dilations ?? 1,
    own.pad,
  );
  return { shape: outShape, dtype: x.dtype };
};

const likeAttr =
  (name: "inputShape" | "filterShape", dtypeOf: (inputs: Inputs) => Shaped): ShapeRule =>
  (inputs, attrs) => ({
    shape: (attrs as unknown as ConvAttrs)[name],
    dtype: dtypeOf(inputs).dtype,
  });

const dy = (inputs: Inputs): Shaped => inputs.dy as Shaped;

export const convShapes: Readonly<Record<string, ShapeRule>> = {
  Conv2D: conv(false),
  FusedConv2D: conv(false),
  DepthwiseConv2dNative: conv(true),
  FusedDepthwiseConv2D: conv(true),
  Conv3D: conv3D,
  Conv2DBackpropInput: likeAttr("inputShape", dy),
  Conv2DBackpropFilter: likeAttr("filterShape", dy),
  DepthwiseConv2dNativeBackpropInput: likeAttr("inputShape", dy),
  DepthwiseConv2dNativeBackpropFilter: likeAttr("filterShape", dy),
  Conv3DBackpropInputV2: likeAttr("inputShape", dy),
  Conv3DBackpropFilterV2: likeAttr("filterShape", dy),
  MaxPool: pool,
  AvgPool: pool,
  MaxPool3D: pool3D,
  AvgPool3D: pool3D,
};
