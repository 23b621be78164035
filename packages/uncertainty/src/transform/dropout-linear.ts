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
 * @see Gal and Ghahramani 2016, https://proceedings.mlr.press/v48/gal16.html
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const base = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const layer = new nnx.DropoutLinear(base, 0.5, { rngs: new nnx.Rngs({ dropout: 1 }) });
 * [layer.forward(tf.ones([2, 4])).shape, layer.kernel === base.kernel]; // => [[2, 3], true]
 * ```
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
