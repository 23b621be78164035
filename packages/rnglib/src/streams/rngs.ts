/** @file Named streams, with a default for other names. */
import { registerModule, NnxError, NotFoundError } from "@nnxjs/nnx-core";
import type { PRNGKey } from "../keys/index.ts";
import { KeySource } from "./key-source.ts";
import { RngStream } from "./rng-stream.ts";
import { isSeed, type Seed } from "./seed.ts";
import { rulesOf, type StreamRule, ruleFor, type StreamShapes } from "./stream-rules.ts";

/** The start of a named stream. From another stream it takes the key; its count starts at 0. */
export type StreamSource = Seed | RngStream;

/**
 * The random streams of a model by name: `params` for initial values, `dropout` for masks, and so
 * on. A name without its own stream uses the stream `default`.
 * @see Flax `nnx.Rngs`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const rngs = new nnx.Rngs(0, { dropout: 1 }); // or new nnx.Rngs({ params: 0, dropout: 1 })
 * const layer = new nnx.Linear(64, 128, { rngs });
 * ```
 */
export class Rngs extends KeySource {
  /**
   * @param seed - The seed of the stream `default`, or an object of streams.
   * @param streams - Further streams by name. They replace those of the first argument.
   * @throws TypeError when a seed is neither an integer nor a key, {@link NnxError} when a name is
   * that of a method.
   */
  constructor(
    seed?: StreamSource | Readonly<Record<string, StreamSource>>,
    streams: Readonly<Record<string, StreamSource>> = {},
  ) {
    super();
    const first = seed === undefined ? {} : isSource(seed) ? { default: seed } : seed;
    if (isSource(seed) && "default" in streams) {
      throw new NnxError(
        "Rngs: expected one default stream, got two. Pass the seed either first or as { default }.",
      );
    }
    for (const [name, source] of Object.entries({ ...first, ...streams })) {
      if (name in this) {
        throw new NnxError(
          `Rngs: expected a stream name that no method has, got ${JSON.stringify(name)}. Rename the stream.`,
        );
      }
      const start = source instanceof RngStream ? source.key.value : source;
      Reflect.set(this, name, new RngStream(start, { tag: name }));
    }
  }

  /** Whether there is a stream with exactly this name. */
  has(name: string): boolean {
    return Object.hasOwn(this, name);
  }

  /**
   * Returns the stream with this name, or `default`.
   * @throws {@link NotFoundError} when there is neither.
   */
  stream(name = "default"): RngStream {
    const own: unknown = this.has(name) ? Reflect.get(this, name) : Reflect.get(this, "default");
    if (own instanceof RngStream) return own;
    throw new NotFoundError(
      `Rngs.stream: expected one of {${[...this].join(", ")}}, got ${JSON.stringify(name)}, and there is no default stream. ` +
        `Create it with new Rngs({ ${name}: 0 }) or new Rngs(0).`,
    );
  }

  /** Returns the next key of the stream with this name, or of `default`. */
  override nextKey(name = "default"): PRNGKey {
    return this.stream(name).nextKey();
  }

  /** The names of the streams, `default` last. */
  *[Symbol.iterator](): Generator<string> {
    const names = Object.keys(this);
    for (const name of names) if (name !== "default") yield name;
    if (names.includes("default")) yield "default";
  }

  /** The streams with their names. */
  *items(): Generator<readonly [name: string, stream: RngStream]> {
    for (const name of this) yield [name, this.stream(name)];
  }

  /** The number of streams. */
  get size(): number {
    return Object.keys(this).length;
  }

  /** Returns a new Rngs of forks of all streams. @see Flax `Rngs.fork` */
  fork(): Rngs {
    return withStreams(this, (stream) => stream.fork());
  }

  /**
   * Returns a new Rngs in which each stream holds several different keys, see {@link
   * RngStream.split}.
   * @param shapes - A shape for all streams, or shapes by stream name or filter. A stream with the
   * shape `null`, or without a rule, is shared with the new Rngs, so that no key is drawn twice.
   * @see Flax `Rngs.split` (which copies such a stream and restarts its count at 0)
   * @example
   * ```ts
   * import * as nnx from "@nnxjs/nnx";
   *
   * const rngs = new nnx.Rngs({ params: 1, dropout: 2, noise: 3 });
   * rngs.split([["params", 5], ["dropout", null], [true, [2, 5]]]);
   * ```
   */
  split(shapes: StreamShapes): Rngs {
    const rules = rulesOf("Rngs.split", shapes);
    return withStreams(this, (stream) => byRule(rules, stream, (shape) => stream.split(shape)));
  }

  /**
   * Returns a new Rngs in which each stream repeats one key, see {@link RngStream.broadcast}.
   * @param shapes - As for {@link Rngs.split}.
   * @see Flax `Rngs.broadcast`
   */
  broadcast(shapes: StreamShapes): Rngs {
    const rules = rulesOf("Rngs.broadcast", shapes);
    return withStreams(this, (stream) => byRule(rules, stream, (shape) => stream.broadcast(shape)));
  }
}

/** Returns a new Rngs with the results of `change` for each stream. */
function withStreams(rngs: Rngs, change: (stream: RngStream) => RngStream): Rngs {
  const result = new Rngs();
  for (const [name, stream] of rngs.items()) Reflect.set(result, name, change(stream));
  return result;
}

function byRule(
  rules: readonly StreamRule[],
  stream: RngStream,
  reshape: (shape: readonly number[]) => RngStream,
): RngStream {
  const shape = ruleFor(rules, [], stream)?.shape ?? null;
  return shape === null ? stream : reshape(shape);
}

const isSource = (x: unknown): x is StreamSource => x instanceof RngStream || isSeed(x);

registerModule("Rngs", Rngs);
