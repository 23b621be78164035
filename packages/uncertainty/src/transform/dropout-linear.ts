/** @file Dropout and a dense layer, in place of a dense layer. */
import { registerModule, type Param } from "@nnxjs/nnx-core";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import { Dropout, type DropoutOptions, type Linear, type StochasticCallOptions } from "@nnxjs/layers";
import { dense, DenseLayer } from "@nnxjs/layers/internal";
import type { Tensor } from "@nnxjs/kernels/internal";

const NAMES = { broadcastDims: true, deterministic: true, rngCollection: true, rngs: true } as const;

/**
 * A {@link Linear} layer with Dropout on its inputs. It shares kernel and bias with the base layer
 * and can replace it: its Params have the same paths.
 */
export class DropoutLinear extends DenseLayer {
  readonly dropout: Dropout;
  /** The kernel of the base layer. */
  readonly kernel: Param<Tensor>;
  /** The bias of the base layer, or `null`. */
  readonly bias: Param<Tensor> | null;

  /** @throws RangeError for a rate outside `[0, 1]`, TypeError when `rngs` gives no keys. */
  constructor(base: Linear, rate: number, options: DropoutOptions = {}) {
    checkOptions<DropoutOptions>("DropoutLinear", options, NAMES);
    super(base);
    this.dropout = new Dropout(rate, options);
    this.kernel = base.kernel;
    this.bias = base.bias;
  }

  /**
   * @param x - `[..., inFeatures]`
   * @param options - Those of Dropout.
   * @returns `[..., outFeatures]`
   * @throws MissingRngError when a mask is needed and there is no stream.
   */
  forward<T extends Tensor>(x: T, options?: StochasticCallOptions): T {
    const bias = this.bias?.value ?? null;
    // Dropout runs after the checks, so that a refused call does not advance its stream.
    return dense("DropoutLinear", this, x, this.kernel.value, bias, (inputs) =>
      this.dropout.forward(inputs, options),
    );
  }
}

registerModule("DropoutLinear", DropoutLinear);
