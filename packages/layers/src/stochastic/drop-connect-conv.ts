/** @file Dropping weights of a convolution. */
import { registerModule, describe, type ModeValues, Module, NnxError, type Param } from "@nnxjs/nnx-core";
import { drop, type Initializer, type PRNGKey, type Rngs, type RngStream } from "@nnxjs/rnglib";
import { checkConvolution, type Conv, type ConvConfig, convolution } from "../conv/conv.ts";
import type { ConvGeneralDilated } from "../conv/convolve.ts";
import type { Padding } from "../conv/padding.ts";
import { shapeText } from "../checks.ts";
import { checkGiven, flagOrNull, keySource, type OptionChecks, text } from "../options.ts";
import type { FloatDtype, Precision, PromoteDtype } from "../linear/dot-general.ts";
import type { Tensor } from "@nnxjs/kernels/internal";
import {
  checkCallOptions,
  checkRate,
  choice,
  forkStream,
  nextKey,
  type StochasticCallOptions,
} from "./call-options.ts";
import { type DropConnectScaling, scaleOfKept, weightsWithoutMask } from "./drop-connect-weights.ts";

/** Options of {@link DropConnectConv}. */
export interface DropConnectConvOptions {
  /** Use all weights. `null` leaves it to the call. @defaultValue false */
  deterministic?: boolean | null;
  /** The stream that keys come from. @defaultValue "dropconnect" */
  rngCollection?: string;
  /** Where the layer's own stream is forked from. @defaultValue none: pass one to forward */
  rngs?: Rngs | RngStream | null;
  /** As for DropConnectLinear. @defaultValue "training" */
  scaling?: DropConnectScaling;
}

const NAME = "DropConnectConv";

const OPTIONS: OptionChecks<DropConnectConvOptions> = {
  deterministic: flagOrNull,
  rngCollection: text,
  rngs: keySource,
  scaling: choice("training", "inference"),
};

/**
 * A {@link Conv} layer that drops each weight of its kernel with probability `rate`: one mask per call, shared by the whole batch and all
 * positions. The bias is never dropped. It shares kernel and bias with the layer it is made from. Not deterministic, it convolves with
 * `where(mask, kernel / (1 - rate), 0)`; deterministic, it is exactly the base layer.
 * @see Wan et al. 2013, https://proceedings.mlr.press/v28/wan13.html; Mobiny et al. 2021, https://doi.org/10.1038/s41598-021-84854-x
 * @example
 * ```ts
 * const rngs = new nnx.Rngs(0, { dropconnect: 1 });
 * const layer = new nnx.DropConnectConv(new nnx.Conv(3, 16, [3, 3], { rngs }), 0.25, { rngs });
 * const y = layer.forward(tf.ones([8, 32, 32, 3])); // [8, 32, 32, 16]
 * ```
 */
export class DropConnectConv extends Module implements ConvConfig {
  /** What the modes do, for `viewInfo`. */
  static readonly modes: Readonly<Record<string, string>> = {
    deterministic: "Use all weights, as the base layer.",
  };

  /** The base layer's. */
  readonly kernel: Param<Tensor>;
  /** The base layer's, or `null`. */
  readonly bias: Param<Tensor> | null;
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
  /** The base layer's. */
  readonly kernelInit: Initializer;
  /** The base layer's. */
  readonly biasInit: Initializer;
  readonly rate: number;
  readonly scaling: DropConnectScaling;
  deterministic: boolean | null;
  readonly rngCollection: string;
  readonly rngs: RngStream | null;

  /** @throws RangeError for a rate outside `[0, 1]`, TypeError for a base that is no Conv or `rngs` that give no keys. */
  constructor(base: Conv, rate = 0.25, options: DropConnectConvOptions = {}) {
    super();
    checkRate(NAME, rate);
    checkGiven(NAME, options, OPTIONS);
    if (typeof base?.convGeneralDilated !== "function") {
      throw new TypeError(`${NAME}: expected a Conv layer to start from, got ${describe(base)}.`);
    }
    const { deterministic = false, rngCollection = "dropconnect", rngs, scaling = "training" } = options;
    this.kernel = base.kernel;
    this.bias = base.bias;
    this.mask = base.mask;
    this.inFeatures = base.inFeatures;
    this.outFeatures = base.outFeatures;
    this.kernelSize = base.kernelSize;
    this.strides = base.strides;
    this.padding = base.padding;
    this.inputDilation = base.inputDilation;
    this.kernelDilation = base.kernelDilation;
    this.featureGroupCount = base.featureGroupCount;
    this.useBias = base.useBias;
    this.dtype = base.dtype;
    this.paramDtype = base.paramDtype;
    this.precision = base.precision;
    this.convGeneralDilated = base.convGeneralDilated;
    this.promoteDtype = base.promoteDtype;
    this.preferredElementType = base.preferredElementType;
    this.kernelInit = base.kernelInit;
    this.biasInit = base.biasInit;
    this.rate = rate;
    this.scaling = scaling;
    this.deterministic = deterministic;
    this.rngCollection = rngCollection;
    this.rngs = forkStream(NAME, rngs, rngCollection);
  }

  /**
   * @param x - `[...batch, ...spatial, inFeatures]`
   * @param options - `deterministic` and `rngs` of this call win over the layer's.
   * @returns `[...batch, ...spatial, outFeatures]`. No key is drawn when deterministic, or when `rate` is 0 or 1.
   * @throws {@link MissingRngError} when a mask is needed and there is no stream; NnxError when the input has other channels.
   */
  forward<T extends Tensor>(x: T, options?: StochasticCallOptions): T {
    checkCallOptions(NAME, options);
    const bias = this.bias?.value ?? null;
    // Before a key is drawn: a refused call leaves the stream as it was.
    checkConvolution(NAME, this, x, this.kernel.value, bias);
    return convolution(NAME, this, x, weightsOf(this, options ?? {}), bias);
  }

  /** Takes the modes that this layer knows; returns the others. */
  setMode({ deterministic, ...rest }: ModeValues): ModeValues {
    if (typeof deterministic === "boolean") this.deterministic = deterministic;
    return rest;
  }
}

function weightsOf(layer: DropConnectConv, { deterministic, rngs }: StochasticCallOptions): Tensor {
  const kernel = layer.kernel.value;
  const weights = weightsWithoutMask(NAME, layer, kernel, deterministic);
  if (weights) return weights;
  const key = nextKey(NAME, rngs, layer.rngs, layer.rngCollection);
  checkSingle(key);
  return drop(kernel, key, layer.rate, scaleOfKept(layer.scaling));
}

function checkSingle(key: PRNGKey): void {
  if (key.shape.length === 0) return;
  throw new NnxError(
    `${NAME}.forward: expected one key, since one mask serves the whole batch, got keys of shape ${shapeText(key.shape)}. Call it once per key.`,
  );
}

registerModule("DropConnectConv", DropConnectConv);
