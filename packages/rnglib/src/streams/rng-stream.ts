/** @file A source of keys: a base key and a counter. */
import { NnxError, registerModule } from "@nnxjs/nnx-core";
import { checkOptions, describe, noteStep, unread } from "@nnxjs/nnx-core/internal";
import "../recorded-keys.ts";
import { foldIn, type PRNGKey, split } from "../keys/index.ts";
import { repeat } from "../keys/key.ts";
import { dimensionsOf, formatShape, type Shape } from "../keys/shape.ts";
import { KeySource } from "./key-source.ts";
import { RngCount, RngKey, zeroCount } from "./rng-variables.ts";
import { type Seed, toKey } from "./seed.ts";

const NAMES = { tag: true } as const;

/**
 * An endless sequence of keys; the n-th is `foldIn(key, n)`. It depends only on the stream's own
 * key and count.
 * @see Flax `nnx.RngStream`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const stream = new nnx.RngStream(0, { tag: "dropout" });
 * const mask = nnx.random.bernoulli(stream.nextKey(), 0.5, [4]);
 * ```
 */
export class RngStream extends KeySource {
  readonly key: RngKey;
  readonly count: RngCount;
  /** The name of the stream, by which filters find it. */
  readonly tag: string;

  /**
   * @throws TypeError when the seed is neither an integer nor a key, or the tag is not a non-empty
   * string; NnxError for unknown options.
   */
  constructor(seed: Seed, options: { tag: string }) {
    super();
    checkOptions("RngStream", options, NAMES);
    const tag = nameIn(options);
    const key = toKey(seed);
    this.key = new RngKey(key, { tag });
    this.count = new RngCount(zeroCount(key.shape), { tag });
    this.tag = tag;
  }

  /**
   * Returns the next key. The count increases by one; the base key stays.
   * @throws {@link NnxError} when the stream holds an array of keys.
   */
  override nextKey(): PRNGKey {
    const [key, count] = unread(() => [this.key.value, this.count.value] as const);
    if (typeof count !== "number" || key.shape.length > 0) {
      throw new NnxError(
        `RngStream.nextKey: expected the stream ${JSON.stringify(this.tag)} to hold a single key, got keys of shape ` +
          `${formatShape(key.shape)}. Make a stream of each: new RngStream(key, { tag }) for the keys in stream.key.value.`,
      );
    }
    const next = foldIn(key, count);
    noteStep([this.key, this.count], {
      made: next,
      make: (k, n) => foldIn(k as PRNGKey, n as number),
      counted: this.count,
    });
    this.count.value = count + 1;
    return next;
  }

  /**
   * Returns a new stream from this stream's next key. Its count starts at 0.
   * @see Flax `RngStream.fork`
   */
  fork(): RngStream {
    return new RngStream(this.nextKey(), { tag: this.tag });
  }

  /**
   * Returns a new stream with an array of different keys, split from this stream's next key.
   * @param shape - The number of keys, or the shape of the array of keys.
   * @see Flax `RngStream.split`
   */
  split(shape: Shape): RngStream {
    const dimensions = dimensionsOf("RngStream.split", shape);
    return new RngStream(split(this.nextKey(), dimensions), { tag: this.tag });
  }

  /**
   * Returns a new stream with an array of equal keys: this stream's next key, repeated.
   * @param shape - The number of keys, or the shape of the array of keys.
   * @see Flax `RngStream.broadcast`
   */
  broadcast(shape: Shape): RngStream {
    const dimensions = dimensionsOf("RngStream.broadcast", shape);
    return new RngStream(repeat(this.nextKey(), dimensions), { tag: this.tag });
  }
}

function nameIn(options: { tag: string } | undefined): string {
  const tag: unknown = options?.tag;
  if (typeof tag === "string") return tag;
  throw new TypeError(
    `RngStream: expected a name for the stream, got ${describe(tag)}. Pass { tag: "dropout" }.`,
  );
}

registerModule("RngStream", RngStream);
