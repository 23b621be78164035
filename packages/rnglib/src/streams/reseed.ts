/** @file New keys for the streams of a model. */
import { formatPath, NnxError, type Path } from "@nnxjs/nnx-core";
import { checkOptions, describe } from "@nnxjs/nnx-core/internal";
import { foldIn, type PRNGKey, split } from "../keys/index.ts";
import { formatShape } from "../keys/shape.ts";
import { streamsIn } from "./model-streams.ts";
import { zeroCount } from "./rng-variables.ts";
import { type Seed, toKey } from "./seed.ts";

/**
 * What to do with a stream that holds an array of keys. `"scalarsOnly"` refuses it, `"matchShape"`
 * splits the new key into its shape, and a function returns its keys.
 */
export type ReseedPolicy =
  | "scalarsOnly"
  | "matchShape"
  | ((path: Path, key: PRNGKey, shape: readonly number[]) => PRNGKey);

/** Options of {@link reseed}. */
export interface ReseedOptions {
  /** @defaultValue "scalarsOnly" */
  policy?: ReseedPolicy;
}

/**
 * Restarts the streams with these names, in place. The j-th stream of a name, in the order of the
 * graph, gets `foldIn(key(seed), j)`, so that two Dropouts do not draw the same masks. Counts start
 * at 0. Names that no stream has are ignored.
 * @param node - A model, Rngs, or a container of these.
 * @param seeds - Seeds or keys by stream name (tag), as a record or a Map.
 * @throws {@link NnxError} for streams with several keys under the policy `"scalarsOnly"`, and for
 * unknown policies; TypeError for an invalid seed. The model is unchanged then.
 * @see Flax `nnx.reseed`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Dropout(0.5, { rngs: new nnx.Rngs({ dropout: 0 }) });
 * const first = model.forward(tf.ones([8]));
 * nnx.reseed(model, { dropout: 1 });
 * const other = model.forward(tf.ones([8]));
 * nnx.reseed(model, { dropout: 1 });
 * const again = model.forward(tf.ones([8]));
 * String(again.dataSync()) === String(other.dataSync()); // => true
 * ```
 */
export function reseed(
  node: unknown,
  seeds: Readonly<Record<string, Seed>> | ReadonlyMap<string, Seed>,
  options: ReseedOptions = {},
): void {
  checkOptions("reseed", options, { policy: true });
  // A caller in JavaScript may pass anything.
  const given: unknown = seeds;
  if (typeof given !== "object" || given === null) {
    throw new TypeError(
      `reseed: expected seeds by stream name, got ${describe(given)}. Pass { dropout: 0 }, for example.`,
    );
  }
  const { policy = "scalarsOnly" } = options;
  const pairs: Iterable<[string, Seed]> = seeds instanceof Map ? seeds : Object.entries(seeds);
  const bases = new Map(
    Array.from(pairs, ([name, seed]): [string, SeedDraws] => [name, new SeedDraws(toKey(seed))]),
  );
  const keyFor = policyFunction(policy);
  const changes = streamsIn(node).flatMap(([path, stream]) => {
    const base = bases.get(String(stream.key.getMetadata("tag", stream.tag)));
    if (!base) return [];
    const key = keyFor(path, base.next(), stream.key.value.shape);
    return [{ stream, key }];
  });
  for (const { stream, key } of changes) {
    stream.key.value = key;
    stream.count.value = zeroCount(key.shape);
  }
}

/** The keys that one seed gives, one after the other. */
class SeedDraws {
  private readonly key: PRNGKey;
  private drawn = 0;

  constructor(key: PRNGKey) {
    this.key = key;
  }

  next(): PRNGKey {
    return foldIn(this.key, this.drawn++);
  }
}

function policyFunction(policy: ReseedPolicy): Exclude<ReseedPolicy, string> {
  if (typeof policy === "function") return policy;
  switch (policy) {
    case "scalarsOnly":
      return scalarsOnly;
    case "matchShape":
      return (_path, key, shape) => (shape.length === 0 ? key : split(key, shape));
    default:
      throw new NnxError(
        `reseed: expected policy "scalarsOnly", "matchShape" or a function, got ${describe(policy satisfies never)}. ` +
          "Choose one of these.",
      );
  }
}

function scalarsOnly(path: Path, key: PRNGKey, shape: readonly number[]): PRNGKey {
  if (shape.length === 0) return key;
  throw new NnxError(
    `reseed at ${formatPath(path)}: expected a stream with a single key, got keys of shape ${formatShape(shape)}. ` +
      'Pass policy: "matchShape" if all its keys differ, or a function that makes them.',
  );
}
