/**
 * @file Convolutions over one to three axes, in any number of groups, and their gradients, one
 * kernel each. The gradients of each are the other two, so there are gradients of every order.
 */
import type { KernelConfig, Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { scoped } from "../mend.ts";
import type { Axis } from "../conv-geometry.ts";
import * as plain from "../quick/grouped.ts";
import { convolutionByWasm, filterGradientByWasm, inputGradientByWasm } from "../wasm/convolutions.ts";
import { type DepthwiseFunction, depthwiseByWasm } from "../wasm/depthwise.ts";
import { onBoth, runOwn } from "./own-kernel.ts";

/** Their names in the registry. */
export const convolutionKernelNames = {
  convolution: "NnxConvolution",
  inputGradient: "NnxConvolutionInputGradient",
  filterGradient: "NnxConvolutionFilterGradient",
} as const;

/** The attributes of all of them. */
export interface ConvolutionAttrs {
  readonly axes: readonly Axis[];
  /** The input's channels are in as many groups, each with filters of its own. */
  readonly groups: number;
}

type ByWasm = (
  backend: object,
  a: TensorInfo,
  b: TensorInfo,
  axes: readonly Axis[],
  groups: number,
) => TensorInfo | undefined;

/** Whether each channel of the input is a group, with one filter. */
const isDepthwise = (name: DepthwiseFunction, a: TensorInfo, b: TensorInfo, groups: number): boolean =>
  groups > 1 &&
  a.shape.at(-1) === groups &&
  b.shape.at(-1) === groups &&
  // `a` is the output's gradient here, so it does not tell how many channels the input has.
  (name !== "inputGradient" || b.shape.at(-2) === 1);

const byWasm =
  (name: DepthwiseFunction, general: ByWasm): ByWasm =>
  (backend, a, b, axes, groups) =>
    isDepthwise(name, a, b, groups)
      ? depthwiseByWasm(backend, name, a, b, axes)
      : general(backend, a, b, axes, groups);

/** The convolution by WebAssembly. See `convolutionByWasm` for the arguments. */
export const convolutionInWasm: ByWasm = /* @__PURE__ */ byWasm("convolution", convolutionByWasm);
export const inputGradientInWasm: ByWasm = /* @__PURE__ */ byWasm("inputGradient", inputGradientByWasm);
export const filterGradientInWasm: ByWasm = /* @__PURE__ */ byWasm("filterGradient", filterGradientByWasm);

const kernel = (
  kernelName: string,
  first: string,
  second: string,
  inWasm: ByWasm,
  byOps: (a: Tensor, b: Tensor, axes: readonly Axis[], groups: number) => Tensor,
): KernelConfig[] =>
  onBoth<ConvolutionAttrs>(kernelName, (backend, inputs, { axes, groups }) => {
    const [a, b] = [inputs[first]!, inputs[second]!];
    // The engine passes tensors, although the types promise only what a backend needs of them.
    return inWasm(backend, a, b, axes, groups) ?? scoped(() => byOps(a as Tensor, b as Tensor, axes, groups));
  });

/** The kernels to register on cpu and wasm. */
export const convolutionKernels = (): readonly KernelConfig[] => [
  ...kernel(convolutionKernelNames.convolution, "x", "filter", convolutionInWasm, plain.convolve),
  ...kernel(convolutionKernelNames.inputGradient, "dy", "filter", inputGradientInWasm, plain.inputGradient),
  ...kernel(convolutionKernelNames.filterGradient, "x", "dy", filterGradientInWasm, plain.filterGradient),
];

/**
 * The convolution.
 * @param x - `[N, ...input, I]`
 * @param filter - `[...window, I / groups, O]`
 * @returns `[N, ...output, O]`
 */
export const convolve = (x: Tensor, filter: Tensor, axes: readonly Axis[], groups = 1): Tensor =>
  runOwn(convolutionKernelNames.convolution, { x, filter }, { axes, groups }) ??
  plain.convolve(x, filter, axes, groups);

/**
 * The gradient of the input of {@link convolve}, which is also the transposed convolution.
 * @param dy - `[N, ...output, O]`
 * @returns `[N, ...input, I]`
 */
export const inputGradient = (dy: Tensor, filter: Tensor, axes: readonly Axis[], groups = 1): Tensor =>
  runOwn(convolutionKernelNames.inputGradient, { dy, filter }, { axes, groups }) ??
  plain.inputGradient(dy, filter, axes, groups);

/**
 * The gradient of the filter of {@link convolve}.
 * @returns `[...window, I / groups, O]`
 */
export const filterGradient = (x: Tensor, dy: Tensor, axes: readonly Axis[], groups = 1): Tensor =>
  runOwn(convolutionKernelNames.filterGradient, { x, dy }, { axes, groups }) ??
  plain.filterGradient(x, dy, axes, groups);
