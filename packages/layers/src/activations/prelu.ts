/** @file The rectifier with a learned slope. */
import { registerModule, type Metadata, Param } from "@nnxjs/nnx-core";
import { checkParam, checkTensor } from "@nnxjs/nnx-core/internal";
import { type Initializer, initializers } from "@nnxjs/rnglib";
import { DtypeLayer } from "../dtype-layer.ts";
import { DTYPE_CHECKS, type DtypeOptions, promoted } from "../dtypes.ts";
import { checkGiven, finite, metadata, type OptionChecks } from "../options.ts";
import { greaterEqual, mul, scalar, type Tensor, where } from "@nnxjs/kernels/internal";

/** Options of {@link PReLU}; the names are Flax's. */
export interface PReLUOptions extends DtypeOptions {
  /** Metadata of the slope's Param. */
  negativeSlopeMetadata?: Metadata;
}

const OPTIONS: OptionChecks<PReLUOptions> = { negativeSlopeMetadata: metadata, ...DTYPE_CHECKS };

/**
 * `x` where `x >= 0`, `negative_slope * x` elsewhere. The slope is one learned scalar. The layer
 * draws no keys.
 * @see Flax `nnx.PReLU`; He et al. 2015, https://arxiv.org/abs/1502.01852
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const layer = new nnx.PReLU();
 * const y = layer.forward(tf.tensor1d([-2, 3])); // [-0.02, 3]
 * ```
 */
export class PReLU extends DtypeLayer {
  /** A scalar. Named as in Flax's State. */
  readonly negative_slope: Param<Tensor>;
  /** The initial slope. */
  readonly negativeSlopeInit: number;

  /** @param negativeSlopeInit - The initial slope. @defaultValue 0.01 */
  constructor(negativeSlopeInit = 0.01, options: PReLUOptions = {}) {
    finite("PReLU", "negativeSlopeInit", negativeSlopeInit);
    checkGiven("PReLU", options, OPTIONS);
    super(options);
    this.negative_slope = new Param<Tensor>(scalar(negativeSlopeInit), options.negativeSlopeMetadata);
    this.negativeSlopeInit = negativeSlopeInit;
  }

  /** The initializer of the slope, which is constant. */
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
    const [inputs, slope] = promoted(this, [x, this.negative_slope.value]);
    // The rank is that of x, so the type T still holds.
    return where(greaterEqual(inputs, 0), inputs, mul(slope, inputs)) as T;
  }
}

registerModule("PReLU", PReLU);
