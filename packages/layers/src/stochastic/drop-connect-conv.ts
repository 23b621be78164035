/** @file A convolution that drops weights. */
import { registerModule, type ModeValues, NnxError, type Param } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import type { PRNGKey, RngStream } from "@nnxjs/rnglib";
import { drop } from "@nnxjs/rnglib/internal";
import { shapeText } from "../checks.ts";
import type { Conv } from "../conv/conv.ts";
import { checkConvolution, convolution, ConvLayer } from "../conv/convolution.ts";
import { checkGiven } from "../options.ts";
import type { Tensor } from "@nnxjs/kernels/internal";
import { checkCallOptions, checkRate, nextKey, type StochasticCallOptions } from "./call-options.ts";
import {
  type DropConnectScaling,
  DROP_WEIGHTS_CHECKS,
  type DropWeightsOptions,
  dropWeightsSettings,
  scaleOfKept,
  weightsWithoutMask,
} from "./drop-connect-weights.ts";

/** Options of {@link DropConnectConv}. */
export type DropConnectConvOptions = DropWeightsOptions;

const NAME = "DropConnectConv";

/**
 * A {@link Conv} layer that drops each weight of its kernel with probability `rate`. The whole
 * batch and all positions share one mask per call. The bias is never dropped. Kernel and bias are
 * shared with the base layer. The layer convolves with `where(mask, kernel / (1 - rate), 0)`. When
 * deterministic, it is exactly the base layer.
 * @see Wan et al. 2013, https://proceedings.mlr.press/v28/wan13.html; Mobiny et al. 2021,
 * https://doi.org/10.1038/s41598-021-84854-x
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const rngs = new nnx.Rngs(0, { dropconnect: 1 });
 * const layer = new nnx.DropConnectConv(new nnx.Conv(3, 16, [3, 3], { rngs }), 0.25, { rngs });
 * const y = layer.forward(tf.ones([8, 32, 32, 3])); // [8, 32, 32, 16]
 * ```
 */
export class DropConnectConv extends ConvLayer {
  /** What each mode does, for `viewInfo`. */
  static readonly modes: Readonly<Record<string, string>> = {
    deterministic: "Use all weights, as the base layer.",
  };

  /** The kernel of the base layer. */
  readonly kernel: Param<Tensor>;
  /** The bias of the base layer, or `null`. */
  readonly bias: Param<Tensor> | null;
  readonly rate: number;
  readonly scaling: DropConnectScaling;
  deterministic: boolean | null;
  readonly rngCollection: string;
  readonly rngs: RngStream | null;

  /**
   * @throws RangeError for a rate outside `[0, 1]`, TypeError when `base` is not a Conv or `rngs`
   * gives no keys.
   */
  constructor(base: Conv, rate = 0.25, options: DropConnectConvOptions = {}) {
    checkRate(NAME, rate);
    checkGiven(NAME, options, DROP_WEIGHTS_CHECKS);
    // A caller in JavaScript may pass something else.
    const given = base as Partial<Conv> | null | undefined;
    if (typeof given?.convGeneralDilated !== "function") {
      throw new TypeError(
        `${NAME}: expected a Conv layer to start from, got ${describe(base)}. Make one: new nnx.Conv(1, 8, [3, 3], { rngs }).`,
      );
    }
    super(base);
    const { scaling, deterministic, rngCollection, rngs } = dropWeightsSettings(NAME, options);
    this.kernel = base.kernel;
    this.bias = base.bias;
    this.rate = rate;
    this.scaling = scaling;
    this.deterministic = deterministic;
    this.rngCollection = rngCollection;
    this.rngs = rngs;
  }

  /**
   * @param x - `[...batch, ...spatial, inFeatures]`
   * @param options - `deterministic` and `rngs` take precedence over the layer's.
   * @returns `[...batch, ...spatial, outFeatures]`. No key is drawn when deterministic, or when
   * `rate` is 0 or 1.
   * @throws {@link MissingRngError} when a mask is needed and there is no stream; NnxError when the
   * input has another number of channels.
   */
  forward<T extends Tensor>(x: T, options?: StochasticCallOptions): T {
    checkCallOptions(NAME, options);
    const bias = this.bias?.value ?? null;
    // Check before a key is drawn, so that a refused call does not advance the stream.
    checkConvolution(NAME, this, x, this.kernel.value, bias);
    return convolution(NAME, this, x, weightsOf(this, options ?? {}), bias);
  }

  /** Sets the modes that this layer has, and returns the others. */
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
