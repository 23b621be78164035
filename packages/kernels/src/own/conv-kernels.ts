/** @file tensorflow.js's kernels for convolutions, by WebAssembly. */
import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { type KernelCall, type Mend, mend, scoped } from "../mend.ts";
import { convolutionInWasm, filterGradientInWasm, inputGradientInWasm } from "./convolutions.ts";
import { axes3D, type Axis } from "../conv-geometry.ts";
import { conv2DAxes } from "../quick/convolve.ts";
import { finish, type FinishAttrs, type FinishInput, isActivation } from "../quick/finish.ts";

const BOTH = ["cpu", "wasm"];
type Shape = readonly number[];
type Shape5 = [number, number, number, number, number];

/** The attributes of all these kernels. */
interface Attrs {
  readonly strides: tf.Conv2DAttrs["strides"] & tf.Conv3DAttrs["strides"];
  readonly pad: tf.Conv2DAttrs["pad"] & tf.Conv3DAttrs["pad"];
  readonly dilations?: tf.Conv2DAttrs["dilations"] & tf.Conv3DAttrs["dilations"];
  readonly dimRoundingMode?: tf.Conv2DAttrs["dimRoundingMode"];
  readonly dataFormat?: string;
  readonly inputShape?: number[];
  readonly filterShape?: number[];
}

/** What kind of convolution a kernel is about. */
interface Kind {
  readonly axesOf: (input: Shape, filter: Shape, attrs: Attrs) => readonly Axis[];
  readonly isDepthwise?: boolean;
}

const flat: Kind = { axesOf: (input, filter, attrs) => conv2DAxes(input, filter, attrs as tf.Conv2DAttrs) };
const depthwise: Kind = {
  axesOf: (input, filter, attrs) => conv2DAxes(input, filter, attrs as tf.Conv2DAttrs, true),
  isDepthwise: true,
};
const deep: Kind = {
  axesOf: (input, filter, { strides, dilations = 1, pad }) =>
    axes3D(tf.backend_util.computeConv3DInfo(input as Shape5, filter as Shape5, strides, dilations, pad)),
};

const isChannelsFirst = ({ dataFormat = "" }: Attrs): boolean => dataFormat.startsWith("NC");

const groupsOf = (kind: Kind, filter: Shape): number => (kind.isDepthwise ? filter[2]! : 1);

/** Filters `[h, w, C, M]` as those of C groups. */
const inGroups = (kind: Kind, filter: TensorInfo): TensorInfo =>
  kind.isDepthwise
    ? { ...filter, shape: [...filter.shape.slice(0, 2), 1, filter.shape[2]! * filter.shape[3]!] }
    : filter;

/** The convolution, or undefined when it is left to tensorflow.js. */
function convolution(
  kind: Kind,
  { inputs: { x, filter }, attrs, backend }: KernelCall<"x" | "filter", Attrs>,
): TensorInfo | undefined {
  if (isChannelsFirst(attrs)) return undefined;
  const axes = kind.axesOf(x.shape, filter.shape, attrs);
  return convolutionInWasm(backend, x, inGroups(kind, filter), axes, groupsOf(kind, filter.shape));
}

const forward = (kernelName: string, backends: readonly string[], kind: Kind): Mend =>
  mend<"x" | "filter", Attrs>(kernelName, backends, (call) => convolution(kind, call) ?? call.stock());

const ofInput = (kernelName: string, backends: readonly string[], kind: Kind): Mend =>
  mend<"dy" | "filter", Attrs>(kernelName, backends, ({ inputs: { dy, filter }, attrs, backend, stock }) => {
    if (isChannelsFirst(attrs)) return stock();
    const axes = kind.axesOf(attrs.inputShape!, filter.shape, attrs);
    const groups = groupsOf(kind, filter.shape);
    return inputGradientInWasm(backend, dy, inGroups(kind, filter), axes, groups) ?? stock();
  });

const ofFilter = (kernelName: string, backends: readonly string[], kind: Kind): Mend =>
  mend<"x" | "dy", Attrs>(kernelName, backends, ({ inputs: { x, dy }, attrs, backend, stock }) => {
    if (isChannelsFirst(attrs)) return stock();
    const shape = attrs.filterShape!;
    const axes = kind.axesOf(x.shape, shape, attrs);
    const gradient = filterGradientInWasm(backend, x, dy, axes, groupsOf(kind, shape));
    return gradient ? { ...gradient, shape } : stock();
  });

/** A convolution, a bias and an activation. */
const fused = (kernelName: string, kind: Kind): Mend =>
  mend<"x" | "filter" | FinishInput, Attrs & FinishAttrs>(kernelName, ["cpu"], (call) => {
    const info = isActivation(call.attrs.activation) ? convolution(kind, call) : undefined;
    if (!info) return call.stock();
    return scoped(() => finish(tf.engine().makeTensorFromTensorInfo(info), call.inputs, call.attrs));
  });

/** Quicker kernels for convolutions. */
export const quickConvolutions = (): readonly Mend[] => [
  forward("Conv2D", ["cpu"], flat),
  fused("FusedConv2D", flat),
  ofInput("Conv2DBackpropInput", BOTH, flat),
  ofFilter("Conv2DBackpropFilter", ["cpu"], flat),
  forward("DepthwiseConv2dNative", ["cpu"], depthwise),
  fused("FusedDepthwiseConv2D", depthwise),
  ofInput("DepthwiseConv2dNativeBackpropInput", ["cpu"], depthwise),
  ofFilter("DepthwiseConv2dNativeBackpropFilter", ["cpu"], depthwise),
  forward("Conv3D", BOTH, deep),
  ofInput("Conv3DBackpropInputV2", ["cpu"], deep),
  ofFilter("Conv3DBackpropFilterV2", ["cpu"], deep),
];
