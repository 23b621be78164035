/** @file JAX's general convolution, composed of kernels that every backend has. */
import { registerFunction, NnxError } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import {
  convSpatial,
  depthwiseSpatial,
  expandDims,
  pad,
  reshape,
  sizeOf,
  slice,
  squeeze,
  type Tensor,
} from "@nnxjs/kernels/internal";
import { shapeText } from "../checks.ts";
import { PRODUCT_CHECKS, type ProductSettings } from "../dtypes.ts";
import { checkGiven, count, list, type OptionChecks } from "../options.ts";
import { type Pads, padZeros } from "./padding.ts";

/** Options of {@link convGeneralDilated}, one value for each spatial axis. */
export interface ConvolveOptions extends Readonly<ProductSettings> {
  readonly strides: readonly number[];
  readonly padding: readonly Pads[];
  /** A dilation of d puts d - 1 zeros between the elements of the input. */
  readonly inputDilation: readonly number[];
  /** A dilation of d puts d - 1 zeros between the elements of the kernel. */
  readonly kernelDilation: readonly number[];
  /** The number of groups into which the features are split. Each group has its own filters. */
  readonly featureGroupCount: number;
}

/**
 * A convolution (cross-correlation) of `[batch, ...spatial, in]` with
 * `[...window, in / groups, out]`.
 */
export type ConvGeneralDilated = (inputs: Tensor, kernel: Tensor, options: ConvolveOptions) => Tensor;

/** Puts `factor - 1` zeros between the elements along axes from `first`. */
const dilate = (x: Tensor, factors: readonly number[], first: number): Tensor =>
  factors.reduce((y, factor, i) => (factor === 1 ? y : dilateAxis(y, factor, first + i)), x);

function dilateAxis(x: Tensor, factor: number, axis: number): Tensor {
  const n = x.shape[axis] as number;
  const [before, after] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const [outer, inner] = [sizeOf(before), sizeOf(after)];
  // Make every element a row of itself and zeros, with two axes in all. Padding a tensor of many
  // axes takes a pass for each.
  const rows = pad(reshape(x, [outer * n, inner]), [
    [0, 0],
    [0, (factor - 1) * inner],
  ]);
  const size = (n - 1) * factor + 1;
  return reshape(slice(reshape(rows, [outer, n * factor, inner]), [0, 0, 0], [outer, size, inner]), [
    ...before,
    size,
    ...after,
  ]);
}

export interface Convolution {
  readonly strides: readonly number[];
  readonly padding: readonly Pads[];
  readonly dilations: readonly number[];
}

/** Adds a spatial axis of size 1 in front of the only one. */
export function inTwo(
  x: Tensor,
  kernel: Tensor,
  { strides, padding, dilations }: Convolution,
): [Tensor, Tensor, Convolution] {
  const wide: Convolution = {
    strides: [1, ...strides],
    padding: [[0, 0], ...padding],
    dilations: [1, ...dilations],
  };
  return [expandDims(x, 1), expandDims(kernel, 0), wide];
}

function convolve(x: Tensor, kernel: Tensor, how: Convolution, groups: number): Tensor {
  if (x.rank === 3) return squeeze(convolve(...inTwo(x, kernel, how), groups), [1]);
  if (groups === 1) return convSpatial(x, kernel, how);
  const [inPerGroup = 0, out = 0] = kernel.shape.slice(-2);
  if (inPerGroup === 1 && x.rank === 4) {
    const window = kernel.shape.slice(0, -2);
    return depthwiseSpatial(x, reshape(kernel, [...window, groups, out / groups]), how);
  }
  return convSpatial(x, kernel, how, groups);
}

const OPTIONS: OptionChecks<ConvolveOptions> = {
  strides: list,
  padding: list,
  inputDilation: list,
  kernelDilation: list,
  featureGroupCount: count,
  precision: PRODUCT_CHECKS.precision,
  preferredElementType: PRODUCT_CHECKS.preferredElementType,
};

/**
 * @see `jax.lax.conv_general_dilated`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const y = nnx.convGeneralDilated(tf.ones([1, 5, 1]), tf.ones([3, 1, 1]), {
 *   strides: [1],
 *   padding: [[0, 0]],
 *   inputDilation: [1],
 *   kernelDilation: [2],
 *   featureGroupCount: 1,
 *   precision: null,
 * });
 * [y.shape, y.dataSync()[0]]; // => [[1, 1, 1], 3]
 * ```
 */
export const convGeneralDilated: ConvGeneralDilated = (inputs, kernel, options) => {
  checkTensor("convGeneralDilated", "inputs", inputs);
  checkTensor("convGeneralDilated", "kernel", kernel);
  checkGiven("convGeneralDilated", options, OPTIONS);
  const { strides, padding, inputDilation, featureGroupCount } = options;
  const spread = dilate(inputs, inputDilation, 1);
  // tensorflow.js takes strides or dilations, but not both.
  const both = strides.some((s) => s > 1) && options.kernelDilation.some((d) => d > 1);
  const filter = both ? dilate(kernel, options.kernelDilation, 0) : kernel;
  const dilations = both ? strides.map(() => 1) : options.kernelDilation;
  padding.forEach(([before, after], i) => {
    const reach = ((filter.shape[i] as number) - 1) * (dilations[i] as number) + 1;
    const size = (spread.shape[i + 1] as number) + before + after;
    if (size >= reach) return;
    throw new NnxError(
      `convolution: expected at least ${reach} elements along spatial axis ${i} for a kernel of shape ${shapeText(kernel.shape)}, got ` +
        `${size} of ${describe(inputs)} with padding ${before} and ${after}. Pad the input or use a smaller kernel.`,
    );
  });
  const negative = padding.some(([before, after]) => before < 0 || after < 0);
  const x = negative ? padZeros(spread, padding) : spread;
  const how = { strides, padding: negative ? padding.map((): Pads => [0, 0]) : padding, dilations };
  return convolve(x, filter, how, featureGroupCount);
};

registerFunction("convGeneralDilated", convGeneralDilated);
