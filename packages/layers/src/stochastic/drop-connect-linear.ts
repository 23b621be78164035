/** @file Dropping weights. */
import { Module, type Param } from "@nnxjs/nnx-core";
import { drop, type Rngs, type RngStream } from "@nnxjs/rnglib";
import type { DotGeneral, FloatDtype, Precision, PromoteDtype } from "../linear/dot-general.ts";
import { dense, type DenseConfig, type Linear } from "../linear/linear.ts";
import { mul, type Tensor, zerosLike } from "../tensor.ts";
import {
  checkRate,
  forkStream,
  nextKey,
  resolveDeterministic,
  type StochasticCallOptions,
} from "./call-options.ts";

/** Where the expectation is kept: see {@link DropConnectLinearOptions.scaling}. */
export type DropConnectScaling = "training" | "inference";

/** Options of {@link DropConnectLinear}. */
export interface DropConnectLinearOptions {
  /** Use all weights. `null` leaves it to the call. @defaultValue false */
  deterministic?: boolean | null;
  /** The stream that keys come from. @defaultValue "dropconnect" */
  rngCollection?: string;
  /** Where the layer's own stream is forked from. @defaultValue none: pass one to forward */
  rngs?: Rngs | RngStream | null;
  /**
   * `"training"`: masked weights are scaled by `1 / (1 - rate)` and deterministic is exactly the base layer. `"inference"`: masked weights
   * are not scaled and deterministic uses `kernel * (1 - rate)`, the rule of Mobiny et al.'s and probly's code.
   * @defaultValue "training"
   */
  scaling?: DropConnectScaling;
}

/**
 * A {@link Linear} layer that drops each weight with probability `rate`: one mask per call, shared by the whole batch. The bias is never
 * dropped. It shares kernel and bias with the layer it is made from.
 * @see Wan et al. 2013, https://proceedings.mlr.press/v28/wan13.html; Mobiny et al. 2021, https://doi.org/10.1038/s41598-021-84854-x;
 * probly's `DropConnectLinear`
 * @example
 * ```ts
 * const rngs = new nnx.Rngs(0, { dropconnect: 1 });
 * const layer = new nnx.DropConnectLinear(new nnx.Linear(128, 128, { rngs }), 0.25, { rngs });
 * const y = layer.forward(tf.ones([32, 128])); // [32, 128]
 * ```
 */
export class DropConnectLinear extends Module implements DenseConfig {
  /** The base layer's. */
  readonly kernel: Param<Tensor>;
  /** The base layer's, or `null`. */
  readonly bias: Param<Tensor> | null;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly useBias: boolean;
  readonly dtype: FloatDtype | null;
  readonly paramDtype: FloatDtype;
  readonly precision: Precision;
  readonly dotGeneral: DotGeneral;
  readonly promoteDtype: PromoteDtype;
  readonly preferredElementType: FloatDtype | null;
  readonly rate: number;
  readonly scaling: DropConnectScaling;
  deterministic: boolean | null;
  readonly rngCollection: string;
  readonly rngs: RngStream | null;

  /** @throws RangeError for a rate outside `[0, 1]`, TypeError for `rngs` that give no keys. */
  constructor(base: Linear, rate = 0.25, options: DropConnectLinearOptions = {}) {
    super();
    checkRate("DropConnectLinear", rate);
    const { deterministic = false, rngCollection = "dropconnect", rngs, scaling = "training" } = options;
    this.kernel = base.kernel;
    this.bias = base.bias;
    this.inFeatures = base.inFeatures;
    this.outFeatures = base.outFeatures;
    this.useBias = base.useBias;
    this.dtype = base.dtype;
    this.paramDtype = base.paramDtype;
    this.precision = base.precision;
    this.dotGeneral = base.dotGeneral;
    this.promoteDtype = base.promoteDtype;
    this.preferredElementType = base.preferredElementType;
    this.rate = rate;
    this.scaling = scaling;
    this.deterministic = deterministic;
    this.rngCollection = rngCollection;
    this.rngs = forkStream("DropConnectLinear", rngs, rngCollection);
  }

  /**
   * @param x - `[..., inFeatures]`
   * @returns `[..., outFeatures]`. No key is drawn when deterministic, or when `rate` is 0 or 1.
   * @throws {@link MissingRngError} when a mask is needed and there is no stream.
   */
  forward<T extends Tensor>(x: T, options: StochasticCallOptions = {}): T {
    return dense("DropConnectLinear", this, x, this.weights(options), this.bias?.value ?? null);
  }

  private weights({ deterministic, rngs }: StochasticCallOptions): Tensor {
    const kernel = this.kernel.value;
    const { rate } = this;
    if (rate === 0) return kernel;
    if (resolveDeterministic("DropConnectLinear", deterministic, this.deterministic)) {
      return this.scaling === "training" ? kernel : mul(kernel, 1 - rate);
    }
    if (rate === 1) return zerosLike(kernel);
    const key = nextKey("DropConnectLinear", rngs, this.rngs, this.rngCollection);
    return drop(kernel, key, rate, this.scaling === "training" ? {} : { scale: 1 });
  }

  /** Takes the modes that this layer knows; returns the others. */
  setMode({ deterministic, ...rest }: Record<string, unknown>): Record<string, unknown> {
    if (typeof deterministic === "boolean") this.deterministic = deterministic;
    return rest;
  }
}
