/** @file The rectifier whose slope is learned. */
import { registerModule, type Metadata, Module, Param } from "@nnxjs/nnx-core";
import { checkParam, checkTensor } from "@nnxjs/nnx-core/internal";
import { type Initializer, initializers } from "@nnxjs/rnglib";
import {
  type FloatDtype,
  type PromoteDtype,
  promoteDtype as defaultPromoteDtype,
} from "../linear/dot-general.ts";
import { checkGiven, DTYPE_CHECKS, finite, metadata, type OptionChecks } from "../options.ts";
import type { DtypeOptions } from "../params.ts";
import { greaterEqual, mul, scalar, type Tensor, where } from "@nnxjs/kernels/internal";

/** Options of {@link PReLU}; the names are Flax's. */
export interface PReLUOptions extends DtypeOptions {
  /** Metadata of the slope's Param. */
  negativeSlopeMetadata?: Metadata;
}

const OPTIONS: OptionChecks<PReLUOptions> = { negativeSlopeMetadata: metadata, ...DTYPE_CHECKS };

/**
 * `x` where `x >= 0`, `negative_slope * x` elsewhere, with one slope that is learned. It needs no keys.
 * @see Flax `nnx.PReLU`; He et al. 2015, https://arxiv.org/abs/1502.01852
 * @example
 * ```ts
 * const layer = new nnx.PReLU();
 * const y = layer.forward(tf.tensor1d([-2, 3])); // [-0.02, 3]
 * ```
 */
export class PReLU extends Module {
  /** A scalar. The name is that of Flax's state. */
  readonly negative_slope: Param<Tensor>;
  readonly dtype: FloatDtype | null;
  readonly paramDtype: FloatDtype;
  readonly promoteDtype: PromoteDtype;
  /** The slope at first. */
  readonly negativeSlopeInit: number;

  /** @param negativeSlopeInit - The slope at first. Defaults to 0.01. */
  constructor(negativeSlopeInit = 0.01, options: PReLUOptions = {}) {
    super();
    finite("PReLU", "negativeSlopeInit", negativeSlopeInit);
    checkGiven("PReLU", options, OPTIONS);
    const { dtype = null, paramDtype = "float32" } = options;
    this.negative_slope = new Param<Tensor>(scalar(negativeSlopeInit), options.negativeSlopeMetadata);
    this.dtype = dtype;
    this.paramDtype = paramDtype;
    this.promoteDtype = options.promoteDtype ?? defaultPromoteDtype;
    this.negativeSlopeInit = negativeSlopeInit;
  }

  /** How the slope is drawn: it is the same each time. */
  initializerOf(): Initializer {
    return initializers.constant(this.negativeSlopeInit);
  }

  /**
   * @param x - Any shape.
   * @returns the same shape.
   */
  forward<T extends Tensor>(x: T): T {
    checkTensor("PReLU.forward", "x", x);
    checkParam("PReLU.forward", "negative_slope", this.negative_slope.value, []);
    const promoted = this.promoteDtype([x, this.negative_slope.value], { dtype: this.dtype });
    const [inputs, slope] = promoted as [Tensor, Tensor];
    // Same rank as the input, and so the type that says it.
    return where(greaterEqual(inputs, 0), inputs, mul(slope, inputs)) as T;
  }
}

registerModule("PReLU", PReLU);
