/** @file Dropout and the dense layer behind it, in the place of a dense layer. */
import type { Tensor } from "@nnxjs/kernels/internal";
import { registerModule, Module, type Param } from "@nnxjs/nnx-core";
import {
  dense,
  type DenseConfig,
  Dropout,
  type DropoutOptions,
  type Linear,
  type StochasticCallOptions,
} from "@nnxjs/layers";
import type { Initializer } from "@nnxjs/rnglib";

/**
 * A {@link Linear} layer with Dropout on its inputs. It shares kernel and bias with the layer it is made from and can stand in for it:
 * its Params have the same paths.
 */
export class DropoutLinear extends Module implements DenseConfig {
  readonly dropout: Dropout;
  /** The base layer's. */
  readonly kernel: Param<Tensor>;
  /** The base layer's, or `null`. */
  readonly bias: Param<Tensor> | null;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly useBias: boolean;
  readonly dtype: Linear["dtype"];
  readonly paramDtype: Linear["paramDtype"];
  readonly precision: Linear["precision"];
  readonly dotGeneral: Linear["dotGeneral"];
  readonly promoteDtype: Linear["promoteDtype"];
  readonly preferredElementType: Linear["preferredElementType"];
  readonly kernelInit: Initializer;
  readonly biasInit: Initializer;

  /** @throws RangeError for a rate outside `[0, 1]`, TypeError for `rngs` that give no keys. */
  constructor(base: Linear, rate: number, options: DropoutOptions = {}) {
    super();
    this.dropout = new Dropout(rate, options);
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
    this.kernelInit = base.kernelInit;
    this.biasInit = base.biasInit;
  }

  /**
   * @param x - `[..., inFeatures]`
   * @param options - As of Dropout.
   * @returns `[..., outFeatures]`
   * @throws MissingRngError when a mask is needed and there is no stream.
   */
  forward<T extends Tensor>(x: T, options?: StochasticCallOptions): T {
    const bias = this.bias?.value ?? null;
    // Dropout comes after the checks: a refused call leaves its stream as it was.
    return dense("DropoutLinear", this, x, this.kernel.value, bias, (inputs) =>
      this.dropout.forward(inputs, options),
    );
  }
}

registerModule("DropoutLinear", DropoutLinear);
