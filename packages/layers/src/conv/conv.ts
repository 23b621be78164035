/** @file The convolution layer. */
import { registerModule, NnxError, type Param } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { checkSize } from "../checks.ts";
import { drawKernel } from "../kernel-layer.ts";
import { anything, checkLayerOptions, func, type OptionChecks } from "../options.ts";
import type { Tensor } from "@nnxjs/kernels/internal";
import {
  checkMask,
  CONV_CHECKS,
  type ConvCommonOptions,
  type PerAxis,
  perAxis,
  spatialSettings,
} from "./conv-config.ts";
import { convolution, ConvLayer } from "./convolution.ts";
import { type ConvGeneralDilated, convGeneralDilated as defaultConv } from "./convolve.ts";
import type { Padding } from "./padding.ts";

/** Options of {@link Conv}; the names are Flax's. */
export interface ConvOptions extends ConvCommonOptions {
  /** The distance between windows, in elements of the input. @defaultValue 1 */
  strides?: PerAxis | null;
  /**
   * The distance between elements of the input, with zeros in between. Needs padding in numbers.
   * @defaultValue 1
   */
  inputDilation?: PerAxis | null;
  /**
   * The number of groups into which the features are split. It must divide both sizes.
   * @defaultValue 1
   */
  featureGroupCount?: number;
  /** The function that convolves. @defaultValue tensorflow.js's convolution */
  convGeneralDilated?: ConvGeneralDilated;
}

const OPTIONS: OptionChecks<ConvOptions> = {
  ...CONV_CHECKS,
  strides: anything,
  inputDilation: anything,
  featureGroupCount: anything,
  convGeneralDilated: func,
};

/**
 * Convolution (cross-correlation) over one to three spatial axes, channels last:
 * `y[p, o] = Σ x[stride * p + dilation * k - before, i] * kernel[k, i, o] + bias[o]`.
 * @see Flax `nnx.Conv`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const layer = new nnx.Conv(3, 16, [3, 3], { strides: 2, rngs: new nnx.Rngs(0) });
 * const y = layer.forward(tf.ones([8, 32, 32, 3])); // [8, 16, 16, 16]
 * ```
 */
export class Conv extends ConvLayer {
  /** `[...kernelSize, inFeatures / featureGroupCount, outFeatures]` */
  readonly kernel: Param<Tensor>;
  /** `[outFeatures]`, or `null` without bias. */
  readonly bias: Param<Tensor> | null;

  /**
   * @param inFeatures - Channels of inputs.
   * @param outFeatures - Channels of outputs.
   * @param kernelSize - Size of the window along each spatial axis; a number is one axis.
   * @throws NnxError for invalid sizes, paddings, groups or dtypes.
   */
  constructor(inFeatures: number, outFeatures: number, kernelSize: PerAxis, options: ConvOptions) {
    checkLayerOptions("Conv", options, OPTIONS);
    const { featureGroupCount = 1, convGeneralDilated = defaultConv } = options;
    const settings = spatialSettings("Conv", inFeatures, outFeatures, kernelSize, options);
    const { mask, padding, useBias } = settings;
    checkGroups(inFeatures, outFeatures, featureGroupCount);
    const axes = settings.kernelSize.length;
    const inputDilation = perAxis("Conv", "inputDilation", options.inputDilation ?? 1, axes);
    checkDilatedPadding(padding, inputDilation);
    const shape = [...settings.kernelSize, inFeatures / featureGroupCount, outFeatures];
    checkMask("Conv", mask, shape);
    const drawn = drawKernel("Conv", options, shape, useBias ? [outFeatures] : null);
    super({ inputDilation, featureGroupCount, convGeneralDilated, ...settings, ...drawn });
    this.kernel = drawn.kernel;
    this.bias = drawn.bias;
  }

  /**
   * @param x - `[...batch, ...spatial, inFeatures]`; zero or more batch axes.
   * @returns `[...batch, ...spatial, outFeatures]`
   * @throws NnxError when the input has another number of channels or is smaller than the window.
   */
  forward<T extends Tensor>(x: T): T {
    return convolution("Conv", this, x, this.kernel.value, this.bias?.value ?? null);
  }
}

/** JAX, too, refuses named padding with input dilation, where its meaning is not clear. */
function checkDilatedPadding(padding: Padding, inputDilation: readonly number[]): void {
  if (typeof padding !== "string" || inputDilation.every((d) => d === 1)) return;
  throw new NnxError(
    `Conv: expected padding in numbers with inputDilation, got ${describe(padding)}. Pass a pair for each spatial axis.`,
  );
}

function checkGroups(inFeatures: number, outFeatures: number, groups: number): void {
  checkSize("Conv", "featureGroupCount", groups);
  if (inFeatures % groups === 0 && outFeatures % groups === 0) return;
  throw new NnxError(
    `Conv: expected featureGroupCount to divide inFeatures and outFeatures, got ${groups} for ${inFeatures} and ${outFeatures}. Each group has an equal part of both.`,
  );
}

registerModule("Conv", Conv);
