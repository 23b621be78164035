/** @file Dropping activations. */
import { registerModule, Module } from "@nnxjs/nnx-core";
import { checkTensor } from "@nnxjs/nnx-core/internal";
import { normalizeAxes } from "../axes.ts";
import { drop, type Rngs, type RngStream } from "@nnxjs/rnglib";
import { axisList, checkGiven, flagOrNull, keySource, type OptionChecks, text } from "../options.ts";
import { type Tensor, zerosLike } from "@nnxjs/kernels/internal";
import {
  checkCallOptions,
  checkKeyAxes,
  checkRate,
  forkStream,
  nextKey,
  resolveDeterministic,
  type StochasticCallOptions,
} from "./call-options.ts";

/** Options of {@link Dropout}. */
export interface DropoutOptions {
  /** Axes along which the mask is shared. Negative ones count from the end. @defaultValue [] */
  broadcastDims?: readonly number[];
  /** Return inputs unchanged. `null` leaves it to the call. @defaultValue false */
  deterministic?: boolean | null;
  /** The stream that keys come from. @defaultValue "dropout" */
  rngCollection?: string;
  /** Where the layer's own stream is forked from. @defaultValue none: pass one to forward */
  rngs?: Rngs | RngStream | null;
}

const OPTIONS: OptionChecks<DropoutOptions> = {
  broadcastDims: axisList,
  deterministic: flagOrNull,
  rngCollection: text,
  rngs: keySource,
};

/**
 * Zeroes each element with probability `rate` and scales the rest by `1 / (1 - rate)`; deterministic, it returns its input.
 * @see Flax `nnx.Dropout`; Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html
 * @example
 * ```ts
 * const layer = new nnx.Dropout(0.5, { rngs: new nnx.Rngs({ dropout: 0 }) });
 * layer.forward(tf.ones([8])); // some 0, the others 2
 * ```
 */
export class Dropout extends Module {
  readonly rate: number;
  readonly broadcastDims: readonly number[];
  deterministic: boolean | null;
  readonly rngCollection: string;
  readonly rngs: RngStream | null;

  /** @throws RangeError for a rate outside `[0, 1]`, TypeError for `rngs` that give no keys. */
  constructor(rate: number, options: DropoutOptions = {}) {
    super();
    checkRate("Dropout", rate);
    checkGiven("Dropout", options, OPTIONS);
    const { broadcastDims = [], deterministic = false, rngCollection = "dropout", rngs } = options;
    this.rate = rate;
    this.broadcastDims = broadcastDims;
    this.deterministic = deterministic;
    this.rngCollection = rngCollection;
    this.rngs = forkStream("Dropout", rngs, rngCollection);
  }

  /**
   * @param x - float32, any shape.
   * @param options - `deterministic` and `rngs` of this call win over the layer's. Keys of shape `[n]` as `rngs` draw one mask for each of
   * the `n` rows of `x`, as `jax.vmap` over keys and rows would.
   * @returns the same shape. `x` itself when deterministic or `rate` is 0; no key is drawn then, nor when `rate` is 1.
   * @throws {@link MissingRngError} when a mask is needed and there is no stream.
   */
  forward<T extends Tensor>(x: T, options?: StochasticCallOptions): T {
    checkTensor("Dropout.forward", "x", x);
    checkCallOptions("Dropout", options);
    const { deterministic, rngs } = options ?? {};
    if (resolveDeterministic("Dropout", deterministic, this.deterministic) || this.rate === 0) return x;
    if (this.rate === 1) return zerosLike(x);
    // Before a key is drawn: a refused call leaves the stream as it was.
    normalizeAxes("Dropout.forward", this.broadcastDims, x.rank);
    const key = nextKey("Dropout", rngs, this.rngs, this.rngCollection);
    checkKeyAxes("Dropout", key, x, 0);
    // Each of several keys sees its own part of x, as under `jax.vmap`.
    const shape = x.shape.slice(key.shape.length);
    const shared = new Set(normalizeAxes("Dropout.forward", this.broadcastDims, shape.length));
    const maskShape = shape.map((size, axis) => (shared.has(axis) ? 1 : size));
    return drop(x, key, this.rate, { maskShape }) as T;
  }

  /** Takes the modes that this layer knows; returns the others. */
  setMode({ deterministic, ...rest }: Record<string, unknown>): Record<string, unknown> {
    if (typeof deterministic === "boolean") this.deterministic = deterministic;
    return rest;
  }
}

registerModule("Dropout", Dropout);
