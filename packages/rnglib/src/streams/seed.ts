/** @file The start of a stream: seeds and keys. */
import { describe } from "@nnxjs/nnx-core/internal";
import { key as keyOfSeed, PRNGKey, wrapKeyData } from "../keys/index.ts";

/**
 * A stream can start from an integer seed, a key (or an array of keys), or the words of a key, as
 * `keyData` returns them.
 */
export type Seed = number | bigint | boolean | PRNGKey | Uint32Array;

/** Whether `x` has a type that a seed can have. */
export const isSeed = (x: unknown): x is Seed =>
  typeof x !== "object" || x === null || PRNGKey.isKey(x) || x instanceof Uint32Array;

/** Returns the key of a seed. @throws TypeError when it is not a seed. */
export function toKey(seed: Seed): PRNGKey {
  if (PRNGKey.isKey(seed)) return seed;
  if (seed instanceof Uint32Array) return wrapKeyData(seed);
  if (typeof seed === "bigint" || typeof seed === "boolean" || Number.isInteger(seed)) return keyOfSeed(seed);
  throw new TypeError(
    `RngStream: expected an integer seed or a key, got ${describe(seed)}. Pass a seed such as 0, or nnx.random.key(0).`,
  );
}
