/** @file The transposed convolution layer. */
import { registerModule, NnxError, type Param } from "@nnxjs/nnx-core";
import { checkParam, describe } from "@nnxjs/nnx-core/internal";
import { promoted } from "../dtypes.ts";
import { drawKernel } from "../kernel-layer.ts";
import { anything, checkLayerOptions, flag, type OptionChecks } from "../options.ts";
import {
  add,
  mul,
  reshape,
  reverse,
  squeeze,
  sum,
  type Tensor,
  transpose,
  transposedSpatial,
} from "@nnxjs/kernels/internal";
import {
  checkConvInput,
  checkMask,
  CONV_CHECKS,
  type ConvCommonOptions,
  type PerAxis,
  SpatialLayer,
  spatialSettings,
  withOneBatchAxis,
} from "./conv-config.ts";
import { convGeneralDilated, inTwo } from "./convolve.ts";
import { canonicalPadding, type Padding, type Pads, padZeros } from "./padding.ts";

/** Options of {@link ConvTranspose}; the names are Flax's. */
export interface ConvTransposeOptions extends ConvCommonOptions {
  /** The distance between elements of the input in the output. @defaultValue 1 */
  strides?: PerAxis | null;
  /**
   * Whether to reverse the kernel and swap its channels, as the gradient of a convolution does.
   * @defaultValue false
   */
  transposeKernel?: boolean;
}

const NAME = "ConvTranspose";

const OPTIONS: OptionChecks<ConvTransposeOptions> = {
  ...CONV_CHECKS,
  strides: anything,
  transposeKernel: flag,
};

/**
 * Transposed convolution over one to three spatial axes, channels last: a convolution of the input
 * with `stride - 1` zeros between its elements. `"SAME"` gives `size * stride` elements, `"VALID"`
 * `size * stride + max(window - stride, 0)`.
 * @see Flax `nnx.ConvTranspose`, `jax.lax.conv_transpose`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const layer = new nnx.ConvTranspose(16, 3, [3, 3], { strides: 2, rngs: new nnx.Rngs(0) });
 * const y = layer.forward(tf.ones([8, 16, 16, 16])); // [8, 32, 32, 3]
 * ```
 */
export class ConvTranspose extends SpatialLayer {
  /**
   * `[...kernelSize, inFeatures, outFeatures]`; with `transposeKernel` the last two are swapped.
   */
  readonly kernel: Param<Tensor>;
  /** `[outFeatures]`, or `null` without bias. */
  readonly bias: Param<Tensor> | null;
  readonly transposeKernel: boolean;

  /**
   * @param inFeatures - Channels of inputs.
   * @param outFeatures - Channels of outputs.
   * @param kernelSize - Size of the window along each spatial axis; a number is one axis.
   * @throws NnxError for invalid sizes, paddings or dtypes.
   */
  constructor(inFeatures: number, outFeatures: number, kernelSize: PerAxis, options: ConvTransposeOptions) {
    checkLayerOptions(NAME, options, OPTIONS);
    const { transposeKernel = false } = options;
    const settings = spatialSettings(NAME, inFeatures, outFeatures, kernelSize, options);
    const { mask, padding, useBias } = settings;
    checkTransposed(padding);
    const shape = kernelShapeOf({ ...settings, transposeKernel });
    checkMask(NAME, mask, shape);
    const drawn = drawKernel(NAME, options, shape, useBias ? [outFeatures] : null);
    super({ ...settings, ...drawn });
    this.kernel = drawn.kernel;
    this.bias = drawn.bias;
    this.transposeKernel = transposeKernel;
  }

  /**
   * @param x - `[...batch, ...spatial, inFeatures]`; zero or more batch axes.
   * @returns `[...batch, ...spatial, outFeatures]`
   * @throws NnxError when the input has another number of channels.
   */
  forward<T extends Tensor>(x: T): T {
    const where = `${NAME}.forward`;
    const axes = this.kernelSize.length;
    const kernel = this.kernel.value;
    const shape = kernelShapeOf(this);
    checkParam(where, "kernel", kernel, shape);
    if (this.mask) checkParam(where, "mask", this.mask, shape);
    if (this.bias) checkParam(where, "bias", this.bias.value, [this.outFeatures]);
    checkConvInput(where, x, axes, this.inFeatures, shape);
    const masked = this.mask ? mul(kernel, this.mask) : kernel;
    const [inputs, weights, bias] = promoted(this, [x, masked, this.bias?.value ?? null]);
    const y = withOneBatchAxis(inputs, axes, (rows) => convolve(this, rows, weights));
    // The rank is that of x, so the type T still holds.
    return (bias ? add(y, bias) : y) as T;
  }
}

/** @throws NnxError for paddings with which JAX has no transposed convolution. */
function checkTransposed(padding: Padding): void {
  if (padding !== "REFLECT" && padding !== "CAUSAL") return;
  throw new NnxError(
    `${NAME}: expected "SAME", "VALID", "CIRCULAR" or numbers for padding, got ${describe(padding)}.`,
  );
}

/**
 * The kernel's shape: `[...kernelSize, in, out]`, or `[...kernelSize, out, in]` with
 * `transposeKernel`.
 */
function kernelShapeOf(
  layer: Pick<ConvTranspose, "kernelSize" | "inFeatures" | "outFeatures" | "transposeKernel">,
): number[] {
  const { kernelSize, inFeatures, outFeatures } = layer;
  const channels = layer.transposeKernel ? [outFeatures, inFeatures] : [inFeatures, outFeatures];
  return [...kernelSize, ...channels];
}

function convolve(layer: ConvTranspose, x: Tensor, kernel: Tensor): Tensor {
  const axes = layer.kernelSize.map((_, i) => i);
  const pads = axes.map((axis) => padsOf(layer, axis));
  const { strides, kernelDilation } = layer;
  const turned = (): Tensor => transpose(reverse(kernel, axes), [...axes, axes.length + 1, axes.length]);
  // tensorflow.js takes strides or dilations, but not both.
  const isSimple = strides.every((stride) => stride === 1) || kernelDilation.every((d) => d === 1);
  const size = axes.map((i) => transposedSize(layer, x, pads, i));
  const y =
    isSimple && x.size > 0 && size.every((n) => n > 0)
      ? transposedConvolution(x, layer.transposeKernel ? kernel : turned(), layer, pads, size)
      : convGeneralDilated(x, layer.transposeKernel ? turned() : kernel, {
          strides: axes.map(() => 1),
          padding: pads,
          inputDilation: strides,
          kernelDilation,
          featureGroupCount: 1,
          precision: layer.precision,
        });
  return layer.padding === "CIRCULAR" ? wrap(layer, y, x) : y;
}

const reachOf = ({ kernelSize, kernelDilation }: ConvTranspose, axis: number): number =>
  ((kernelSize[axis] as number) - 1) * (kernelDilation[axis] as number);

function transposedSize(layer: ConvTranspose, x: Tensor, pads: readonly Pads[], axis: number): number {
  const [before, after] = pads[axis] as Pads;
  const spread = ((x.shape[axis + 1] as number) - 1) * (layer.strides[axis] as number) + 1;
  return spread + before + after - reachOf(layer, axis);
}

/**
 * As the transpose of a convolution, which multiplies with no zeros.
 * @param kernel - `[...window, out, in]`, as of that convolution.
 * @param pads - Widths at the spread input.
 */
function transposedConvolution(
  x: Tensor,
  kernel: Tensor,
  layer: ConvTranspose,
  pads: readonly Pads[],
  size: readonly number[],
): Tensor {
  const { strides, kernelDilation: dilations } = layer;
  const padding = pads.map(([before, after], i): Pads => {
    const reach = reachOf(layer, i);
    return [reach - before, reach - after];
  });
  const how = { strides, padding, dilations };
  if (x.rank > 3) return transposedSpatial(x, kernel, how, size);
  const [rows, filter, wide] = inTwo(x, kernel, how);
  return squeeze(transposedSpatial(rows, filter, wide, [1, ...size]), [1]);
}

function padsOf(layer: ConvTranspose, axis: number): Pads {
  const padding = canonicalPadding(NAME, layer.padding, layer.kernelSize.length);
  const window = ((layer.kernelSize[axis] as number) - 1) * (layer.kernelDilation[axis] as number) + 1;
  const stride = layer.strides[axis] as number;
  if (typeof padding !== "string") return padding[axis] as Pads;
  if (padding !== "SAME") return [window - 1, stride - 1 + Math.max(window - stride, 0)];
  const total = window + stride - 2;
  const before = stride > window - 1 ? window - 1 : Math.ceil(total / 2);
  return [before, total - before];
}

/** Adds what exceeds one period to the other end. */
function wrap({ strides, transposeKernel }: ConvTranspose, y: Tensor, x: Tensor): Tensor {
  const periods = strides.map((stride, i) => (x.shape[i + 1] as number) * stride);
  const pads = periods.map((period, i): Pads => {
    const twice = 2 * (x.shape[i + 1] as number) * (strides[i] as number);
    const missing = (((period - (y.shape[i + 1] as number)) % twice) + twice) % twice;
    const [less, more] = [Math.floor(missing / 2), Math.ceil(missing / 2)];
    return transposeKernel ? [less, more] : [more, less];
  });
  let wrapped = padZeros(y, pads);
  periods.forEach((period, i) => {
    const [before, after] = [wrapped.shape.slice(0, i + 1), wrapped.shape.slice(i + 2)];
    // The count is written out, because reshape cannot infer it for an empty batch.
    const count = (wrapped.shape[i + 1] as number) / period;
    wrapped = sum(reshape(wrapped, [...before, count, period, ...after]), i + 1);
  });
  return wrapped;
}

registerModule(NAME, ConvTranspose);
