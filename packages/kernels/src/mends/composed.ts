/**
 * @file Kernels composed of other ops: einsum for cpu and wasm, and those that wasm lacks and that
 * `tf.fused.conv2d`, `tf.fused.depthwiseConv2d` and `tf.unsortedSegmentSum` call by name.
 */
import * as tf from "@tensorflow/tfjs-core";
import type {
  KernelConfig,
  KernelFunc,
  NamedAttrMap,
  NamedTensorInfoMap,
  Tensor,
  TensorInfo,
} from "@tensorflow/tfjs-core";
import { GPU } from "../gpu/program.ts";
import { contract } from "../quick/contract.ts";
import { einsumOfTwo } from "../quick/einsum-of-two.ts";
import { letterSizes, parseEquation } from "../quick/equation.ts";
import { axes3D } from "../conv-geometry.ts";
import { filterGradient, inputGradient } from "../own/convolutions.ts";
import { conv2DAxes } from "../quick/convolve.ts";
import { filtersOf, perChannel } from "../quick/grouped.ts";
import { segmentSums } from "../own/gathers.ts";
import { gpuKernels } from "./gpu/others.ts";
import type { Mend } from "../mend.ts";

type Run<A> = (inputs: Readonly<Record<string, Tensor>>, attrs: A) => Tensor;

/**
 * Makes a kernel from ops. The engine passes tensors, although the types promise only what a
 * backend needs of them.
 */
const composed =
  <A>(run: Run<A>): KernelFunc =>
  ({ inputs, attrs }: { inputs: NamedTensorInfoMap; attrs?: NamedAttrMap }): TensorInfo =>
    tf.tidy(() => run(inputs as unknown as Record<string, Tensor>, attrs as A));

const kernel = <A>(kernelName: string, run: Run<A>): KernelConfig => ({
  kernelName,
  backendName: "wasm",
  kernelFunc: composed(run),
});

/** Einstein summation of any number of tensors. */
function einsum(inputs: Readonly<Record<string, Tensor>>, { equation }: tf.EinsumAttrs): Tensor {
  const { inputs: letters, output } = parseEquation(equation);
  const operands = letters.map((labels, i) => ({ labels, x: inputs[i]! }));
  const shapes = operands.map(({ x }) => x.shape);
  return contract(operands, output, letterSizes(letters, shapes));
}

const einsumOfAny = composed(einsum);

/** {@link einsum}, of two tensors without ops where it is one product. */
const einsumKernel: KernelFunc = (call) => {
  const { 0: a, 1: b, 2: third } = call.inputs as Readonly<Record<number, TensorInfo | undefined>>;
  const { equation } = call.attrs as unknown as tf.EinsumAttrs;
  const quick = a && b && !third && einsumOfTwo(call.backend, equation, a, b);
  return quick || einsumOfAny(call);
};

/** Kernels to register on backends that have none of these names, most of them on wasm. */
export const missingKernels: readonly KernelConfig[] = [
  ...gpuKernels,
  kernel<tf.Conv2DBackpropFilterAttrs>("Conv2DBackpropFilter", ({ x, dy }, attrs) =>
    filterGradient(x!, dy!, conv2DAxes(x!.shape, attrs.filterShape, attrs)),
  ),
  kernel<tf.DepthwiseConv2dNativeBackpropFilterAttrs>(
    "DepthwiseConv2dNativeBackpropFilter",
    ({ x, dy }, attrs) => {
      const { filterShape } = attrs;
      const axes = conv2DAxes(x!.shape, filterShape, attrs, true);
      return perChannel(filterGradient(x!, dy!, axes, filterShape[2]), filterShape[2]);
    },
  ),
  kernel<tf.DepthwiseConv2dNativeBackpropInputAttrs>(
    "DepthwiseConv2dNativeBackpropInput",
    ({ dy, filter }, attrs) => {
      const axes = conv2DAxes(attrs.inputShape, filter!.shape, attrs, true);
      return inputGradient(dy!, filtersOf(filter!), axes, filter!.shape[2]);
    },
  ),
  { kernelName: "Einsum", backendName: "wasm", kernelFunc: einsumKernel },
  {
    kernelName: "UnsortedSegmentSum",
    backendName: "wasm",
    kernelFunc: ({ inputs, backend, attrs }) =>
      segmentSums(
        backend,
        inputs as Record<"x" | "segmentIds", TensorInfo>,
        attrs as unknown as { numSegments: number },
      ),
  },
];

type Shape5 = [number, number, number, number, number];

const conv3DInfo = (
  input: readonly number[],
  filter: readonly number[],
  strides: tf.Conv3DAttrs["strides"],
  pad: tf.Conv3DAttrs["pad"],
): tf.backend_util.Conv3DInfo =>
  tf.backend_util.computeConv3DInfo(input as Shape5, filter as Shape5, strides, 1, pad);

/** Replacements that never call the stock kernel. */
export const composedMends: readonly Mend[] = [
  {
    kernelName: "Einsum",
    backends: ["cpu", ...GPU],
    around: () => einsumKernel,
  },
  {
    kernelName: "Conv3DBackpropInputV2",
    backends: ["wasm"],
    around: () =>
      composed<tf.Conv3DBackpropInputV2Attrs>(({ dy, filter }, { inputShape, strides, pad }) => {
        const info = conv3DInfo(inputShape, filter!.shape, strides, pad);
        return inputGradient(dy!, filter!, axes3D(info));
      }),
  },
  {
    kernelName: "Conv3DBackpropFilterV2",
    backends: ["wasm"],
    around: () =>
      composed<tf.Conv3DBackpropFilterV2Attrs>(({ x, dy }, { filterShape, strides, pad }) =>
        filterGradient(x!, dy!, axes3D(conv3DInfo(x!.shape, filterShape, strides, pad))),
      ),
  },
];
