/** @file The dense layer. */
import { registerModule, type Param } from "@nnxjs/nnx-core";
import { checkSize } from "../checks.ts";
import { drawKernel, KERNEL_CHECKS, type KernelOptions } from "../kernel-layer.ts";
import { checkLayerOptions, flag, func, type OptionChecks } from "../options.ts";
import type { Tensor } from "@nnxjs/kernels/internal";
import { dense, DenseLayer } from "./dense-layer.ts";
import { type DotGeneral, dotGeneral as defaultDotGeneral } from "./dot-general.ts";

/** Options of {@link Linear}; the names are Flax's. */
export interface LinearOptions extends KernelOptions {
  /** @defaultValue true */
  useBias?: boolean;
  /**
   * The function that computes the product. @defaultValue contracts the last axis of the inputs
   * with the first of the kernel
   */
  dotGeneral?: DotGeneral;
}

/** Checks of the options of Linear. */
export const LINEAR_CHECKS: OptionChecks<LinearOptions> = {
  ...KERNEL_CHECKS,
  useBias: flag,
  dotGeneral: func,
};

/**
 * `x @ kernel + bias` over the last axis.
 * @see Flax `nnx.Linear`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const layer = new nnx.Linear(64, 128, { rngs: new nnx.Rngs(0) });
 * const y = layer.forward(tf.ones([32, 64])); // [32, 128]
 * ```
 */
export class Linear extends DenseLayer {
  /** `[inFeatures, outFeatures]` */
  readonly kernel: Param<Tensor>;
  /** `[outFeatures]`, or `null` without bias. */
  readonly bias: Param<Tensor> | null;

  /**
   * @param inFeatures - Size of the last axis of inputs.
   * @param outFeatures - Size of the last axis of outputs.
   * @throws NotFoundError when `rngs` has neither a `params` nor a default stream; NnxError for
   * invalid sizes or dtypes.
   */
  constructor(inFeatures: number, outFeatures: number, options: LinearOptions) {
    checkLayerOptions("Linear", options, LINEAR_CHECKS);
    checkSize("Linear", "inFeatures", inFeatures);
    checkSize("Linear", "outFeatures", outFeatures);
    const { useBias = true, dotGeneral = defaultDotGeneral } = options;
    const drawn = drawKernel("Linear", options, [inFeatures, outFeatures], useBias ? [outFeatures] : null);
    super({ inFeatures, outFeatures, useBias, dotGeneral, ...drawn });
    this.kernel = drawn.kernel;
    this.bias = drawn.bias;
  }

  /**
   * @param x - `[..., inFeatures]`
   * @returns `[..., outFeatures]`
   * @throws NnxError when the last axis has another size.
   */
  forward<T extends Tensor>(x: T): T {
    return dense("Linear", this, x, this.kernel.value, this.bias?.value ?? null);
  }
}

registerModule("Linear", Linear);
