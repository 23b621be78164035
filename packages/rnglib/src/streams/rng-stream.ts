/** @file One source of keys: a base key and a counter. */
import { describe } from "@nnxjs/nnx-core";
import { foldIn, key as keyOfSeed, PRNGKey } from "../keys/index.ts";
import { KeySource } from "./key-source.ts";
import { RngCount, RngKey } from "./rng-variables.ts";

/** What a stream starts from: an integer seed, or a key. */
export type Seed = number | bigint | PRNGKey;

/**
 * An endless sequence of keys: the n-th is `foldIn(key, n)`. Which keys it gives depends on its own key and count only.
 * @see Flax `nnx.RngStream`
 * @example
 * ```ts
 * const stream = new nnx.RngStream(0, { tag: "dropout" });
 * const mask = nnx.random.bernoulli(stream.nextKey(), 0.5, [4]);
 * ```
 */
export class RngStream extends KeySource {
  readonly key: RngKey;
  readonly count: RngCount;
  /** The stream's name; filters find it by this. */
  readonly tag: string;

  /** @throws TypeError when the seed is neither an integer nor a key. */
  constructor(seed: Seed, { tag }: { tag: string }) {
    super();
    this.key = new RngKey(toKey(seed), { tag });
    this.count = new RngCount(0, { tag });
    this.tag = tag;
  }

  /** The next key. The count goes up by one; the base key stays. */
  override nextKey(): PRNGKey {
    const next = foldIn(this.key.value, this.count.value);
    this.count.value++;
    return next;
  }

  /** A new stream from this one's next key, with a count of its own that starts at 0. @see Flax `RngStream.fork` */
  fork(): RngStream {
    return new RngStream(this.nextKey(), { tag: this.tag });
  }
}

function toKey(seed: Seed): PRNGKey {
  if (PRNGKey.isKey(seed)) return seed;
  if (typeof seed === "bigint" || (typeof seed === "number" && Number.isInteger(seed)))
    return keyOfSeed(seed);
  throw new TypeError(
    `RngStream: expected an integer seed or a key, got ${describe(seed)}. Pass a seed such as 0, or nnx.random.key(0).`,
  );
}
