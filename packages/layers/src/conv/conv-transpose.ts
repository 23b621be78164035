/** @file The transposed convolution layer. */
import { registerModule, describe, Module, NnxError, type Param } from "@nnxjs/nnx-core";
import { type Initializer, initializers } from "@nnxjs/rnglib";
import { checkSize } from "../checks.ts";
import {
  checkFloat,
  type FloatDtype,
  type Precision,
  type PromoteDtype,
  promoteDtype as defaultPromoteDtype,
} from "../linear/dot-general.ts";
import { drawParam } from "../params.ts";
import { add, mul, reshape, reverse, sum, type Tensor, transpose } from "../tensor.ts";
import {
  checkConvInput,
  checkMask,
  type ConvCommonOptions,
  kernelSizes,
  type PerAxis,
  perAxis,
  withOneBatchAxis,
} from "./conv-config.ts";
import { convGeneralDilated } from "./convolve.ts";
import { canonicalPadding, type Padding, type Pads, padZeros } from "./padding.ts";

/** Options of {@link ConvTranspose}; the names are Flax's. */
export interface ConvTransposeOptions extends ConvCommonOptions {
  /** How far apart the input's elements are put. @defaultValue 1 */
  strides?: PerAxis | null;
  /** Turn the kernel around and swap its channels, as the gradient of a convolution does. @defaultValue false */
  transposeKernel?: boolean;
}

/**
 * Transposed convolution over one to three spatial axes, channels last: a convolution of the input with `stride - 1` zeros between its
 * elements. `"SAME"` gives `size * stride` elements, `"VALID"` `size * stride + max(window - stride, 0)`.
 * @see Flax `nnx.ConvTranspose`, `jax.lax.conv_transpose`
 * @example
 * ```ts
 * const layer = new nnx.ConvTranspose(16, 3, [3, 3], { strides: 2, rngs: new nnx.Rngs(0) });
 * const y = layer.forward(tf.ones([8, 16, 16, 16])); // [8, 32, 32, 3]
 * ```
 */
export class ConvTranspose extends Module {
  /** `[...kernelSize, inFeatures, outFeatures]`; with `transposeKernel` the last two are swapped. */
  readonly kernel: Param<Tensor>;
  /** `[outFeatures]`, or `null` without bias. */
  readonly bias: Param<Tensor> | null;
  /** Multiplies the kernel, or `null`. */
  readonly mask: Tensor | null;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly kernelDilation: readonly number[];
  readonly transposeKernel: boolean;
  readonly useBias: boolean;
  readonly dtype: FloatDtype | null;
  readonly paramDtype: FloatDtype;
  readonly precision: Precision;
  readonly promoteDtype: PromoteDtype;
  readonly preferredElementType: FloatDtype | null;
  /** What the kernel was drawn with, so that it can be drawn again. */
  readonly kernelInit: Initializer;
  /** What the bias was drawn with. */
  readonly biasInit: Initializer;

  /**
   * @param inFeatures - Channels of inputs.
   * @param outFeatures - Channels of outputs.
   * @param kernelSize - Size of the window along each spatial axis; a number is one axis.
   * @throws NnxError for sizes, paddings or dtypes that cannot be.
   */
  constructor(inFeatures: number, outFeatures: number, kernelSize: PerAxis, options: ConvTransposeOptions) {
    super();
    const { rngs, padding = "SAME", useBias = true, mask = null, transposeKernel = false } = options;
    const { dtype = null, paramDtype = "float32", precision = null } = options;
    const { kernelInit = initializers.lecunNormal(), biasInit = initializers.zeros } = options;
    checkSize("ConvTranspose", "inFeatures", inFeatures);
    checkSize("ConvTranspose", "outFeatures", outFeatures);
    checkFloat("ConvTranspose", "dtype", dtype);
    checkFloat("ConvTranspose", "paramDtype", paramDtype);
    this.kernelSize = kernelSizes("ConvTranspose", kernelSize);
    const axes = this.kernelSize.length;
    const canonical = canonicalPadding("ConvTranspose", padding, axes);
    if (canonical === "REFLECT" || canonical === "CAUSAL") {
      throw new NnxError(
        `ConvTranspose: expected "SAME", "VALID", "CIRCULAR" or numbers for padding, got ${describe(padding)}.`,
      );
    }
    this.strides = perAxis("ConvTranspose", "strides", options.strides ?? 1, axes);
    this.kernelDilation = perAxis("ConvTranspose", "kernelDilation", options.kernelDilation ?? 1, axes);
    const channels = transposeKernel ? [outFeatures, inFeatures] : [inFeatures, outFeatures];
    const shape = [...this.kernelSize, ...channels];
    checkMask("ConvTranspose", mask, shape);
    this.kernel = drawParam(kernelInit, rngs, shape, paramDtype, options.kernelMetadata);
    this.bias = useBias ? drawParam(biasInit, rngs, [outFeatures], paramDtype, options.biasMetadata) : null;
    this.mask = mask;
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.padding = padding;
    this.transposeKernel = transposeKernel;
    this.useBias = useBias;
    this.dtype = dtype;
    this.paramDtype = paramDtype;
    this.precision = precision;
    this.promoteDtype = options.promoteDtype ?? defaultPromoteDtype;
    this.preferredElementType = options.preferredElementType ?? null;
    this.kernelInit = kernelInit;
    this.biasInit = biasInit;
  }

  /**
   * @param x - `[...batch, ...spatial, inFeatures]`; any number of batch axes, also none.
   * @returns `[...batch, ...spatial, outFeatures]`
   * @throws NnxError when the input has other channels.
   */
  forward<T extends Tensor>(x: T): T {
    const axes = this.kernelSize.length;
    const kernel = this.kernel.value;
    checkConvInput("ConvTranspose.forward", x, axes, this.inFeatures, kernel.shape);
    const masked = this.mask ? mul(kernel, this.mask) : kernel;
    const promoted = this.promoteDtype([x, masked, this.bias?.value ?? null], { dtype: this.dtype });
    const [inputs, weights, bias] = promoted as [Tensor, Tensor, Tensor | null];
    const y = withOneBatchAxis(inputs, axes, (rows) => this.convolve(rows, weights));
    // The rank stays, and so does the type that says it.
    return (bias ? add(y, bias) : y) as T;
  }

  private convolve(x: Tensor, kernel: Tensor): Tensor {
    const axes = this.kernelSize.map((_, i) => i);
    const filter = this.transposeKernel
      ? transpose(reverse(kernel, axes), [...axes, axes.length + 1, axes.length])
      : kernel;
    const y = convGeneralDilated(x, filter, {
      strides: axes.map(() => 1),
      padding: axes.map((axis) => this.pads(axis)),
      inputDilation: this.strides,
      kernelDilation: this.kernelDilation,
      featureGroupCount: 1,
      precision: this.precision,
    });
    return this.padding === "CIRCULAR" ? this.wrap(y, x) : y;
  }

  private pads(axis: number): Pads {
    const padding = canonicalPadding("ConvTranspose", this.padding, this.kernelSize.length);
    const window = ((this.kernelSize[axis] as number) - 1) * (this.kernelDilation[axis] as number) + 1;
    const stride = this.strides[axis] as number;
    if (typeof padding !== "string") return padding[axis] as Pads;
    if (padding !== "SAME") return [window - 1, stride - 1 + Math.max(window - stride, 0)];
    const total = window + stride - 2;
    const before = stride > window - 1 ? window - 1 : Math.ceil(total / 2);
    return [before, total - before];
  }

  /** What goes beyond one period is added to the other end. */
  private wrap(y: Tensor, x: Tensor): Tensor {
    const periods = this.strides.map((stride, i) => (x.shape[i + 1] as number) * stride);
    const pads = periods.map((period, i): Pads => {
      const twice = 2 * (x.shape[i + 1] as number) * (this.strides[i] as number);
      const missing = (((period - (y.shape[i + 1] as number)) % twice) + twice) % twice;
      const [less, more] = [Math.floor(missing / 2), Math.ceil(missing / 2)];
      return this.transposeKernel ? [less, more] : [more, less];
    });
    let wrapped = padZeros(y, pads);
    periods.forEach((period, i) => {
      const [before, after] = [wrapped.shape.slice(0, i + 1), wrapped.shape.slice(i + 2)];
      wrapped = sum(reshape(wrapped, [...before, -1, period, ...after]), i + 1);
    });
    return wrapped;
  }
}

registerModule("ConvTranspose", ConvTranspose);
