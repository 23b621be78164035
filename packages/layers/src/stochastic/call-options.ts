/** @file What stochastic layers share: their mode, their rate, and the source of their keys. */
import { NnxError } from "@nnxjs/nnx-core";
import { describe, unread } from "@nnxjs/nnx-core/internal";
import { PRNGKey, Rngs, RngStream } from "@nnxjs/rnglib";
import { checkGiven, flagOrNull, keySource, type OptionChecks, text } from "../options.ts";
import type { Tensor } from "@nnxjs/kernels/internal";

/**
 * Thrown when a stochastic layer needs a mask and has no stream.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const layer = new nnx.Dropout(0.5);
 * layer.forward(tf.ones([2, 4]));
 * // throws MissingRngError: Dropout.forward: expected an RNG stream because rate > 0 and the …
 * ```
 */
export class MissingRngError extends NnxError {
  override readonly name = "MissingRngError";

  constructor(layer: string) {
    super(
      `${layer}.forward: expected an RNG stream because rate > 0 and the layer is not deterministic, got none. ` +
        "Pass { rngs } to the constructor or to forward, or call model.eval().",
    );
  }
}

/** Options that stochastic layers share. */
export interface StochasticOptions {
  /** Whether to compute without randomness. `null` leaves it to the call. @defaultValue false */
  deterministic?: boolean | null;
  /**
   * The name of the stream that gives keys.
   * @defaultValue "dropconnect" for layers that drop weights, "dropout" for others
   */
  rngCollection?: string;
  /** The layer forks its own stream from here. @defaultValue none: pass one to forward */
  rngs?: Rngs | RngStream | null;
}

/** Checks of these options. */
export const STOCHASTIC_CHECKS: OptionChecks<StochasticOptions> = {
  deterministic: flagOrNull,
  rngCollection: text,
  rngs: keySource,
};

/** The options that a stochastic layer keeps. */
export interface StochasticSettings {
  readonly deterministic: boolean | null;
  readonly rngCollection: string;
  readonly rngs: RngStream | null;
}

/**
 * The options with their defaults, and the layer's own stream. The stream is a fork, so that layers
 * draw independently.
 */
export function stochasticSettings(
  layer: string,
  { deterministic = false, rngCollection, rngs }: StochasticOptions,
  defaultCollection: string,
): StochasticSettings {
  const collection = rngCollection ?? defaultCollection;
  return { deterministic, rngCollection: collection, rngs: forkStream(layer, rngs, collection) };
}

/** Options of a call of a stochastic layer; they take precedence over the layer's attributes. */
export interface StochasticCallOptions {
  /** Whether to draw no mask. @defaultValue the layer's attribute */
  deterministic?: boolean | null | undefined;
  /**
   * Gives the key of this call. A key is used as it is. Keys of shape `[n]` draw one mask for each
   * of `n` rows.
   * @defaultValue the layer's own stream
   */
  rngs?: Rngs | RngStream | PRNGKey | null | undefined;
}

const CALL: OptionChecks<StochasticCallOptions> = {
  deterministic: flagOrNull,
  rngs: (where, name, value) => {
    if (value === null || value instanceof Rngs || value instanceof RngStream || PRNGKey.isKey(value)) return;
    throw new TypeError(
      `${where}: expected ${name} to be Rngs, an RngStream, a key or null, got ${describe(value)}. Pass { rngs: new nnx.Rngs(0) }.`,
    );
  },
};

/** Refuses unknown options of a call of a stochastic layer. */
export function checkCallOptions(layer: string, options: StochasticCallOptions | undefined): void {
  if (options !== undefined) checkGiven(`${layer}.forward`, options, CALL);
}

/** The value of the argument, or else of the attribute. @throws NnxError when neither is set. */
export function resolveDeterministic(
  layer: string,
  call: boolean | null | undefined,
  own: boolean | null,
): boolean {
  const deterministic = call ?? own;
  if (typeof deterministic === "boolean") return deterministic;
  throw new NnxError(
    `${layer}.forward: expected deterministic to be true or false, got ${describe(deterministic)}. ` +
      "Set it at construction, with train() or eval(), or pass { deterministic } to forward.",
  );
}

function forkStream(
  layer: string,
  rngs: Rngs | RngStream | null | undefined,
  collection: string,
): RngStream | null {
  if (rngs === null || rngs === undefined) return null;
  keySource(layer, "rngs", rngs);
  return (rngs instanceof Rngs ? rngs.stream(collection) : rngs).fork();
}

/** The key of this call. @throws {@link MissingRngError} when there is no stream. */
export function nextKey(
  layer: string,
  call: StochasticCallOptions["rngs"],
  own: RngStream | null,
  collection: string,
): PRNGKey {
  const source = call ?? own;
  if (source === null) throw new MissingRngError(layer);
  if (source instanceof Rngs) return source.nextKey(collection);
  if (source instanceof RngStream) return source.nextKey();
  return source;
}

/** Runs `f`. When it throws, restores the count of the stream. */
export function keepingCount<R>(stream: RngStream | null, f: () => R): R {
  const before = stream && unread(() => stream.count.value);
  try {
    return f();
  } catch (error) {
    if (stream && before !== null) stream.count.value = before;
    throw error;
  }
}

/** @throws RangeError for a rate outside `[0, 1]`. */
export function checkRate(layer: string, rate: number): void {
  if (typeof rate === "number" && rate >= 0 && rate <= 1) return;
  throw new RangeError(
    `${layer}: expected a rate between 0 and 1, got ${describe(rate)}. It is the share that is dropped.`,
  );
}

/** @throws NnxError unless `x` starts with the axes of the keys and has at least `rest` more. */
export function checkKeyAxes(layer: string, keys: PRNGKey, x: Tensor, rest: number): void {
  const { shape } = keys;
  if (x.rank >= shape.length + rest && shape.every((size, axis) => x.shape[axis] === size)) return;
  throw new NnxError(
    `${layer}.forward: expected an input of shape [${[...shape, "..."].join(", ")}] for keys of shape [${shape.join(", ")}], one mask ` +
      `each, got ${describe(x)}. Pass a single key for one mask, or split it into as many as there are rows.`,
  );
}
