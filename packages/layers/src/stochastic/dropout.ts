/** @file Drops activations. */
import { registerModule, type ModeValues, Module } from "@nnxjs/nnx-core";
import { checkTensor } from "@nnxjs/nnx-core/internal";
import type { RngStream } from "@nnxjs/rnglib";
import { drop } from "@nnxjs/rnglib/internal";
import { normalizeAxes } from "../axes.ts";
import { axisList, checkGiven, type OptionChecks } from "../options.ts";
import { type Tensor, zerosLike } from "@nnxjs/kernels/internal";
import {
  checkCallOptions,
  checkKeyAxes,
  checkRate,
  nextKey,
  resolveDeterministic,
  STOCHASTIC_CHECKS,
  type StochasticCallOptions,
  type StochasticOptions,
  stochasticSettings,
} from "./call-options.ts";

/** Options of {@link Dropout}. */
export interface DropoutOptions extends StochasticOptions {
  /** The axes along which the mask is shared. Negative ones count from the end. @defaultValue [] */
  broadcastDims?: readonly number[];
}

const OPTIONS: OptionChecks<DropoutOptions> = { ...STOCHASTIC_CHECKS, broadcastDims: axisList };

/**
 * Zeroes each element with probability `rate` and scales the rest by `1 / (1 - rate)`. When
 * deterministic, it returns its input.
 * @see Flax `nnx.Dropout`; Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const layer = new nnx.Dropout(0.5, { rngs: new nnx.Rngs({ dropout: 0 }) });
 * layer.forward(tf.ones([8])); // some 0, the others 2
 * ```
 */
export class Dropout extends Module {
  /** What each mode does, for `viewInfo`. */
  static readonly modes: Readonly<Record<string, string>> = {
    deterministic: "Return the input unchanged.",
    masks:
      '"batch": all rows share one mask (the first axis is one of broadcastDims). "example": each has its own.',
  };

  readonly rate: number;
  broadcastDims: readonly number[];
  deterministic: boolean | null;
  readonly rngCollection: string;
  readonly rngs: RngStream | null;

  /** @throws RangeError for a rate outside `[0, 1]`, TypeError when `rngs` gives no keys. */
  constructor(rate: number, options: DropoutOptions = {}) {
    super();
    checkRate("Dropout", rate);
    checkGiven("Dropout", options, OPTIONS);
    const { deterministic, rngCollection, rngs } = stochasticSettings("Dropout", options, "dropout");
    this.rate = rate;
    this.broadcastDims = options.broadcastDims ?? [];
    this.deterministic = deterministic;
    this.rngCollection = rngCollection;
    this.rngs = rngs;
  }

  /**
   * @param x - float32, any shape.
   * @param options - `deterministic` and `rngs` take precedence over the layer's. Keys of shape
   * `[n]` in `rngs` draw one mask for each of the `n` rows of `x`, as `jax.vmap` over keys and rows
   * would.
   * @returns the same shape. `x` itself when deterministic or `rate` is 0. No key is drawn then,
   * nor when `rate` is 1.
   * @throws {@link MissingRngError} when a mask is needed and there is no stream.
   */
  forward<T extends Tensor>(x: T, options?: StochasticCallOptions): T {
    checkTensor("Dropout.forward", "x", x);
    checkCallOptions("Dropout", options);
    const { deterministic, rngs } = options ?? {};
    if (resolveDeterministic("Dropout", deterministic, this.deterministic) || this.rate === 0) return x;
    if (this.rate === 1) return zerosLike(x);
    // Check before a key is drawn, so that a refused call does not advance the stream.
    normalizeAxes("Dropout.forward", this.broadcastDims, x.rank);
    const key = nextKey("Dropout", rngs, this.rngs, this.rngCollection);
    checkKeyAxes("Dropout", key, x, 0);
    // Each of several keys masks its own part of x, as under `jax.vmap`.
    const shape = x.shape.slice(key.shape.length);
    const shared = new Set(normalizeAxes("Dropout.forward", this.broadcastDims, shape.length));
    const maskShape = shape.map((size, axis) => (shared.has(axis) ? 1 : size));
    return drop(x, key, this.rate, { maskShape }) as T;
  }

  /** Sets the modes that this layer has, and returns the others. */
  setMode({ deterministic, masks, ...rest }: ModeValues): ModeValues {
    if (typeof deterministic === "boolean") this.deterministic = deterministic;
    const others = this.broadcastDims.filter((axis) => axis !== 0);
    if (masks === "batch") this.broadcastDims = [0, ...others];
    if (masks === "example") this.broadcastDims = others;
    return rest;
  }
}

registerModule("Dropout", Dropout);
