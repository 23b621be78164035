/** @file A dense layer that drops weights. */
import { registerModule, type ModeValues, type Param } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { type PRNGKey, random, type RngStream } from "@nnxjs/rnglib";
import { drop } from "@nnxjs/rnglib/internal";
import { checkDense, dense, DenseLayer } from "../linear/dense-layer.ts";
import type { Linear } from "../linear/linear.ts";
import { checkGiven, choice, type OptionChecks } from "../options.ts";
import { broadcastTo, reshape, type Tensor } from "@nnxjs/kernels/internal";
import {
  checkCallOptions,
  checkKeyAxes,
  checkRate,
  nextKey,
  type StochasticCallOptions,
} from "./call-options.ts";
import { denseEach } from "./dense-each.ts";
import {
  type DropConnectScaling,
  DROP_WEIGHTS_CHECKS,
  type DropWeightsOptions,
  dropWeightsSettings,
  scaleOfKept,
  weightsWithoutMask,
} from "./drop-connect-weights.ts";

/** Whether examples share masks: see {@link DropConnectLinearOptions.masks}. */
export type DropConnectMasks = "batch" | "example";

/** Options of {@link DropConnectLinear}. */
export interface DropConnectLinearOptions extends DropWeightsOptions {
  /**
   * `"batch"` draws one mask per call, which all examples share. It is cheap, and what Mobiny et
   * al. and probly do. `"example"` draws one mask for each row of the first axis, as in Wan et al.,
   * from the keys `split(key, n)`. Each call then needs `n * inFeatures * outFeatures` floats of
   * memory and random numbers (about three times as much while a gradient is computed), and `n`
   * small products instead of one.
   * @defaultValue "batch"
   */
  masks?: DropConnectMasks;
}

const NAME = "DropConnectLinear";

const OPTIONS: OptionChecks<DropConnectLinearOptions> = {
  ...DROP_WEIGHTS_CHECKS,
  masks: choice("batch", "example"),
};

/**
 * A {@link Linear} layer that drops each weight with probability `rate`. The whole batch shares one
 * mask per call; see {@link DropConnectLinearOptions.masks} for one per example. The bias is never
 * dropped. Kernel and bias are shared with the base layer. The layer computes `y = x @ where(mask,
 * kernel / (1 - rate), 0) + bias`. When deterministic, it is exactly the base layer.
 * @see Wan et al. 2013, https://proceedings.mlr.press/v28/wan13.html; Mobiny et al. 2021,
 * https://doi.org/10.1038/s41598-021-84854-x; probly's `DropConnectLinear`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const rngs = new nnx.Rngs(0, { dropconnect: 1 });
 * const layer = new nnx.DropConnectLinear(new nnx.Linear(128, 128, { rngs }), 0.25, { rngs });
 * const y = layer.forward(tf.ones([32, 128])); // [32, 128]
 * ```
 */
export class DropConnectLinear extends DenseLayer {
  /** The kernel of the base layer. */
  readonly kernel: Param<Tensor>;
  /** The bias of the base layer, or `null`. */
  readonly bias: Param<Tensor> | null;
  readonly rate: number;
  readonly scaling: DropConnectScaling;
  masks: DropConnectMasks;
  deterministic: boolean | null;
  readonly rngCollection: string;
  readonly rngs: RngStream | null;

  /**
   * @throws RangeError for a rate outside `[0, 1]`, TypeError when `base` is not a Linear or `rngs`
   * gives no keys.
   */
  constructor(base: Linear, rate = 0.25, options: DropConnectLinearOptions = {}) {
    checkRate(NAME, rate);
    checkGiven(NAME, options, OPTIONS);
    // A caller in JavaScript may pass something else.
    const given = base as Partial<Linear> | null | undefined;
    if (typeof given?.dotGeneral !== "function" || given.kernel?.value.rank !== 2) {
      throw new TypeError(
        `${NAME}: expected a Linear layer to start from, got ${describe(base)}. Make one: new nnx.Linear(4, 3, { rngs }).`,
      );
    }
    super(base);
    const { scaling, deterministic, rngCollection, rngs } = dropWeightsSettings(NAME, options);
    this.kernel = base.kernel;
    this.bias = base.bias;
    this.rate = rate;
    this.scaling = scaling;
    this.masks = options.masks ?? "batch";
    this.deterministic = deterministic;
    this.rngCollection = rngCollection;
    this.rngs = rngs;
  }

  /**
   * @param x - `[..., inFeatures]`
   * @param options - `deterministic` and `rngs` take precedence over the layer's. Keys of shape
   * `[n]` in `rngs` draw one mask for each of the `n` rows of `x`, as `jax.vmap` over keys and rows
   * would.
   * @returns `[..., outFeatures]`. No key is drawn when deterministic, or when `rate` is 0 or 1.
   * @throws {@link MissingRngError} when a mask is needed and there is no stream; NnxError when the
   * last axis of `x` is not `inFeatures`, or its first axes are not those of the keys.
   */
  forward<T extends Tensor>(x: T, options?: StochasticCallOptions): T {
    checkCallOptions(NAME, options);
    const { deterministic, rngs } = options ?? {};
    const kernel = this.kernel.value;
    const bias = this.bias?.value ?? null;
    const { rate } = this;
    // Check before a key is drawn, so that a refused call does not advance the stream.
    checkDense(NAME, this, x, kernel, bias);
    const withKernel = (weights: Tensor): T => dense(NAME, this, x, weights, bias);
    const weights = weightsWithoutMask(NAME, this, kernel, deterministic);
    if (weights) return withKernel(weights);
    const key = nextKey(NAME, rngs, this.rngs, this.rngCollection);
    const keys = this.masks === "example" && key.shape.length === 0 && x.rank > 1 ? split(key, x) : key;
    const scale = scaleOfKept(this.scaling);
    if (keys.shape.length === 0) return withKernel(drop(kernel, keys, rate, scale));
    checkKeyAxes(NAME, keys, x, 1);
    if (keys.size === 0) return withKernel(kernel);
    const copies = drop(broadcastTo(kernel, [...keys.shape, ...kernel.shape]), keys, rate, scale);
    const rows = reshape(x, [keys.size, ...x.shape.slice(keys.shape.length)]);
    const y = denseEach(this, rows, reshape(copies, [keys.size, ...kernel.shape]), bias);
    // The rank is that of x, so the type T still holds.
    return reshape(y, [...x.shape.slice(0, -1), this.outFeatures]) as T;
  }

  /** Sets the modes that this layer has, and returns the others. */
  setMode({ deterministic, masks, ...rest }: ModeValues): ModeValues {
    if (typeof deterministic === "boolean") this.deterministic = deterministic;
    if (masks === "batch" || masks === "example") this.masks = masks;
    return rest;
  }
}

const split = (key: PRNGKey, x: Tensor): PRNGKey => random.split(key, x.shape[0]);

registerModule("DropConnectLinear", DropConnectLinear);
