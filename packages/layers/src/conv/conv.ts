/** @file The convolution layer. */
import { registerModule, describe, Module, NnxError, type Param } from "@nnxjs/nnx-core";
import { checkParam } from "@nnxjs/nnx-core/internal";
import { type Initializer, initializers } from "@nnxjs/rnglib";
import { checkSize } from "../checks.ts";
import {
  type FloatDtype,
  type Precision,
  type PromoteDtype,
  promoteDtype as defaultPromoteDtype,
} from "../linear/dot-general.ts";
import { anything, checkLayerOptions, func, type OptionChecks } from "../options.ts";
import { allOrNothing, drawParam } from "../params.ts";
import { add, mul, type Tensor } from "@nnxjs/kernels/internal";
import {
  checkConvInput,
  checkMask,
  CONV_CHECKS,
  type ConvCommonOptions,
  kernelSizes,
  type PerAxis,
  perAxis,
  withOneBatchAxis,
} from "./conv-config.ts";
import { type ConvGeneralDilated, convGeneralDilated as defaultConv } from "./convolve.ts";
import {
  type CanonicalPadding,
  canonicalPadding,
  padContinued,
  type Padding,
  type Pads,
  samePads,
} from "./padding.ts";

/** Options of {@link Conv}; the names are Flax's. */
export interface ConvOptions extends ConvCommonOptions {
  /** How far the window moves. @defaultValue 1 */
  strides?: PerAxis | null;
  /** How far apart the input's elements are put, with zeros between. Needs padding in numbers. @defaultValue 1 */
  inputDilation?: PerAxis | null;
  /** Into how many groups the features are split; must divide both sizes. @defaultValue 1 */
  featureGroupCount?: number;
  /** The convolution. @defaultValue tensorflow.js's */
  convGeneralDilated?: ConvGeneralDilated;
}

const OPTIONS: OptionChecks<ConvOptions> = {
  ...CONV_CHECKS,
  strides: anything,
  inputDilation: anything,
  featureGroupCount: anything,
  convGeneralDilated: func,
};

/** The part of a convolution layer that its product needs; DropConnectConv has it too. */
export interface ConvConfig {
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly inputDilation: readonly number[];
  readonly kernelDilation: readonly number[];
  readonly featureGroupCount: number;
  readonly mask: Tensor | null;
  readonly dtype: FloatDtype | null;
  readonly precision: Precision;
  readonly convGeneralDilated: ConvGeneralDilated;
  readonly promoteDtype: PromoteDtype;
  readonly preferredElementType: FloatDtype | null;
}

/**
 * Convolution (cross-correlation) over one to three spatial axes, channels last:
 * `y[p, o] = Σ x[stride * p + dilation * k - before, i] * kernel[k, i, o] + bias[o]`.
 * @see Flax `nnx.Conv`
 * @example
 * ```ts
 * const layer = new nnx.Conv(3, 16, [3, 3], { strides: 2, rngs: new nnx.Rngs(0) });
 * const y = layer.forward(tf.ones([8, 32, 32, 3])); // [8, 16, 16, 16]
 * ```
 */
export class Conv extends Module implements ConvConfig {
  /** `[...kernelSize, inFeatures / featureGroupCount, outFeatures]` */
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
  readonly inputDilation: readonly number[];
  readonly kernelDilation: readonly number[];
  readonly featureGroupCount: number;
  readonly useBias: boolean;
  readonly dtype: FloatDtype | null;
  readonly paramDtype: FloatDtype;
  readonly precision: Precision;
  readonly convGeneralDilated: ConvGeneralDilated;
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
   * @throws NnxError for sizes, paddings, groups or dtypes that cannot be.
   */
  constructor(inFeatures: number, outFeatures: number, kernelSize: PerAxis, options: ConvOptions) {
    super();
    checkLayerOptions("Conv", options, OPTIONS);
    const { rngs, padding = "SAME", featureGroupCount = 1, useBias = true, mask = null } = options;
    const { dtype = null, paramDtype = "float32", precision = null } = options;
    const { kernelInit = initializers.lecunNormal(), biasInit = initializers.zeros } = options;
    checkSize("Conv", "inFeatures", inFeatures);
    checkSize("Conv", "outFeatures", outFeatures);
    checkSize("Conv", "featureGroupCount", featureGroupCount);
    checkGroups(inFeatures, outFeatures, featureGroupCount);
    this.kernelSize = kernelSizes("Conv", kernelSize);
    const axes = this.kernelSize.length;
    const canonical = canonicalPadding("Conv", padding, axes);
    this.strides = perAxis("Conv", "strides", options.strides ?? 1, axes);
    this.inputDilation = perAxis("Conv", "inputDilation", options.inputDilation ?? 1, axes);
    this.kernelDilation = perAxis("Conv", "kernelDilation", options.kernelDilation ?? 1, axes);
    checkDilatedPadding(canonical, this.inputDilation);
    const shape = [...this.kernelSize, inFeatures / featureGroupCount, outFeatures];
    checkMask("Conv", mask, shape);
    const make = allOrNothing();
    this.kernel = make(() => drawParam("Conv", kernelInit, rngs, shape, paramDtype, options.kernelMetadata));
    this.bias = make(() =>
      useBias ? drawParam("Conv", biasInit, rngs, [outFeatures], paramDtype, options.biasMetadata) : null,
    );
    this.mask = mask;
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.padding = padding;
    this.featureGroupCount = featureGroupCount;
    this.useBias = useBias;
    this.dtype = dtype;
    this.paramDtype = paramDtype;
    this.precision = precision;
    this.convGeneralDilated = options.convGeneralDilated ?? defaultConv;
    this.promoteDtype = options.promoteDtype ?? defaultPromoteDtype;
    this.preferredElementType = options.preferredElementType ?? null;
    this.kernelInit = kernelInit;
    this.biasInit = biasInit;
  }

  /**
   * @param x - `[...batch, ...spatial, inFeatures]`; any number of batch axes, also none.
   * @returns `[...batch, ...spatial, outFeatures]`
   * @throws NnxError when the input has other channels or is smaller than the window.
   */
  forward<T extends Tensor>(x: T): T {
    return convolution("Conv", this, x, this.kernel.value, this.bias?.value ?? null);
  }
}

/** The product of a convolution layer with whatever kernel it has this time. */
export function convolution<T extends Tensor>(
  where: string,
  config: ConvConfig,
  x: T,
  kernel: Tensor,
  bias: Tensor | null,
): T {
  const axes = config.kernelSize.length;
  checkConvolution(where, config, x, kernel, bias);
  const masked = config.mask ? mul(kernel, config.mask) : kernel;
  const promoted = config.promoteDtype([x, masked, bias], { dtype: config.dtype });
  const [inputs, weights, offset] = promoted as [Tensor, Tensor, Tensor | null];
  const y = withOneBatchAxis(inputs, axes, (rows) => {
    const [padded, padding] = pad(where, config, rows);
    const { strides, inputDilation, kernelDilation, featureGroupCount, precision, preferredElementType } =
      config;
    return config.convGeneralDilated(padded, weights, {
      strides,
      padding,
      inputDilation,
      kernelDilation,
      featureGroupCount,
      precision,
      ...(preferredElementType === null ? {} : { preferredElementType }),
    });
  });
  // The rank stays, and so does the type that says it.
  return (offset ? add(y, offset) : y) as T;
}

/** @throws NnxError unless input, kernel, mask and bias fit; DisposedError for an input that was disposed. */
export function checkConvolution(
  layer: string,
  config: ConvConfig,
  x: Tensor,
  kernel: Tensor,
  bias: Tensor | null,
): void {
  const where = `${layer}.forward`;
  const { kernelSize, inFeatures, outFeatures, featureGroupCount, mask } = config;
  const shape = [...kernelSize, inFeatures / featureGroupCount, outFeatures];
  checkParam(where, "kernel", kernel, shape);
  if (mask) checkParam(where, "mask", mask, shape);
  if (bias) checkParam(where, "bias", bias, [outFeatures]);
  checkConvInput(where, x, kernelSize.length, inFeatures, shape);
}

/** JAX refuses names too: what they would mean between zeros is anybody's guess. */
function checkDilatedPadding(padding: CanonicalPadding, inputDilation: readonly number[]): void {
  if (typeof padding !== "string" || inputDilation.every((d) => d === 1)) return;
  throw new NnxError(
    `Conv: expected padding in numbers with inputDilation, got ${describe(padding)}. Pass a pair for each spatial axis.`,
  );
}

/** The input with what numbers cannot say, and the numbers for the rest. */
function pad(where: string, config: ConvConfig, x: Tensor): [Tensor, readonly Pads[]] {
  const { kernelSize, kernelDilation, strides } = config;
  const padding = canonicalPadding(where, config.padding, kernelSize.length);
  const windows = kernelSize.map((k, i) => (k - 1) * (kernelDilation[i] as number) + 1);
  const none = kernelSize.map((): Pads => [0, 0]);
  if (typeof padding !== "string") return [x, padding];
  switch (padding) {
    case "VALID":
      return [x, none];
    case "SAME":
      return [
        x,
        windows.map((window, i) => samePads(x.shape[i + 1] as number, window, strides[i] as number)),
      ];
    case "CAUSAL":
      return [x, windows.map((window): Pads => [window - 1, 0])];
    case "CIRCULAR":
    case "REFLECT": {
      const pads = windows.map((window): Pads => [Math.floor((window - 1) / 2), Math.floor(window / 2)]);
      return [padContinued(x, pads, padding), none];
    }
    default:
      return padding satisfies never;
  }
}

function checkGroups(inFeatures: number, outFeatures: number, groups: number): void {
  if (inFeatures % groups === 0 && outFeatures % groups === 0) return;
  throw new NnxError(
    `Conv: expected featureGroupCount to divide inFeatures and outFeatures, got ${groups} for ${inFeatures} and ${outFeatures}.`,
  );
}

registerModule("Conv", Conv);
