/** @file What a stream can start from. */
import { describe } from "@nnxjs/nnx-core/internal";
import { key as keyOfSeed, PRNGKey, wrapKeyData } from "../keys/index.ts";

/**
 * What a stream starts from: an integer seed, a key (or keys), or a key's words as `keyData` gives
 * them.
 */
export type Seed = number | bigint | boolean | PRNGKey | Uint32Array;

/** Whether it could be a seed by its type. */
export const isSeed = (x: unknown): x is Seed =>
  typeof x !== "object" || x === null || PRNGKey.isKey(x) || x instanceof Uint32Array;

/** The key of a seed. @throws TypeError when it is none. */
export function toKey(seed: Seed): PRNGKey {
  if (PRNGKey.isKey(seed)) return seed;
  if (seed instanceof Uint32Array) return wrapKeyData(seed);
  if (typeof seed === "bigint" || typeof seed === "boolean" || Number.isInteger(seed)) return keyOfSeed(seed);
  throw new TypeError(
    `RngStream: expected an integer seed or a key, got ${describe(seed)}. Pass a seed such as 0, or nnx.random.key(0).`,
  );
}
