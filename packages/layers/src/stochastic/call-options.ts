/** @file What stochastic layers have in common: their mode, their rate, and where their keys come from. */
import { describe, NnxError } from "@nnxjs/nnx-core";
import { PRNGKey, Rngs, RngStream } from "@nnxjs/rnglib";
import type { Tensor } from "../tensor.ts";

/** A stochastic layer was to draw a mask and had no stream to draw from. */
export class MissingRngError extends NnxError {
  override readonly name = "MissingRngError";

  constructor(layer: string) {
    super(
      `${layer}.forward: expected an RNG stream because rate > 0 and the layer is not deterministic, got none. ` +
        "Pass { rngs } to the constructor or to forward, or call model.eval().",
    );
  }
}

/** Options of a call of a stochastic layer; they win over the layer's attributes. */
export interface StochasticCallOptions {
  /** Draw no mask. @defaultValue the layer's attribute */
  deterministic?: boolean | null;
  /**
   * Where this call's key comes from. A key is used as it is; keys of shape `[n]` draw one mask for each of `n` rows.
   * @defaultValue the layer's own stream
   */
  rngs?: Rngs | RngStream | PRNGKey | null;
}

/** The argument, then the attribute. @throws NnxError when neither says. */
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

/** The layer's own stream: a fork, so that layers do not disturb each other. */
export function forkStream(
  layer: string,
  rngs: Rngs | RngStream | null | undefined,
  collection: string,
): RngStream | null {
  if (rngs === null || rngs === undefined) return null;
  if (rngs instanceof Rngs) return rngs.stream(collection).fork();
  if (rngs instanceof RngStream) return rngs.fork();
  throw new TypeError(
    `${layer}: expected rngs to be Rngs, an RngStream or null, got ${describe(rngs)}. Pass { rngs: new Rngs(0) }.`,
  );
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
  if (PRNGKey.isKey(source)) return source;
  throw new TypeError(
    `${layer}.forward: expected rngs to be Rngs, an RngStream or a key, got ${describe(source)}. Pass { rngs: new Rngs(0) }.`,
  );
}

/** @throws RangeError for a rate outside `[0, 1]`. */
export function checkRate(layer: string, rate: number): void {
  if (typeof rate === "number" && rate >= 0 && rate <= 1) return;
  throw new RangeError(
    `${layer}: expected a rate between 0 and 1, got ${describe(rate)}. It is the share that is dropped.`,
  );
}

/** @throws NnxError unless `x` has the axes of the keys in front and at least `rest` more. */
export function checkKeyAxes(layer: string, keys: PRNGKey, x: Tensor, rest: number): void {
  const { shape } = keys;
  if (x.rank >= shape.length + rest && shape.every((size, axis) => x.shape[axis] === size)) return;
  throw new NnxError(
    `${layer}.forward: expected an input of shape [${[...shape, "..."].join(", ")}] for keys of shape [${shape.join(", ")}], one mask ` +
      `each, got ${describe(x)}. Pass a single key for one mask, or split it into as many as there are rows.`,
  );
}

/** @throws TypeError when an option is none of its values. */
export function checkChoice(layer: string, option: string, value: unknown, choices: readonly string[]): void {
  if (choices.some((choice) => choice === value)) return;
  const listed = choices.map((choice) => JSON.stringify(choice)).join(" or ");
  throw new TypeError(`${layer}: expected ${option} to be ${listed}, got ${describe(value)}.`);
}
