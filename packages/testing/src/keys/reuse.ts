/** @file Key hygiene: a key is used once. */
import { NnxError } from "@nnxjs/nnx-core";
import { checkFunction, describe } from "@nnxjs/nnx-core/internal";
import { type PRNGKey, random } from "@nnxjs/rnglib";
import { observeUses } from "@nnxjs/rnglib/internal";
import { placeOfCall } from "./place.ts";

/** One use of a key. */
export interface KeyUse {
  /** The single key that is used up. A sampler with an array of keys uses each of them. */
  readonly key: PRNGKey;
  /** The sampler, such as `"normal"`, or `"split"`. */
  readonly by: string;
  /** The first line outside of nnxjs that led to it: `file:line:column`. */
  readonly at: string;
}

/**
 * Thrown by {@link checkKeyReuse} at the second use of a key.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import { checkKeyReuse } from "@nnxjs/testing";
 *
 * const key = nnx.random.key(0);
 * checkKeyReuse(() => [nnx.random.normal(key, [2]), nnx.random.uniform(key, [2])]);
 * // throws KeyReuseError: checkKeyReuse: expected each key to be used once, got a second use of …
 * ```
 */
export class KeyReuseError extends NnxError {
  override readonly name = "KeyReuseError";
  readonly first: KeyUse;
  readonly second: KeyUse;

  constructor(first: KeyUse, second: KeyUse) {
    super(
      `checkKeyReuse: expected each key to be used once, got a second use of ${String(first.key)}: ` +
        `by ${second.by} at ${second.at}, and before by ${first.by} at ${first.at}. ` +
        "Draw from a stream, or split the key and use each part once; random.clone(key) says that reuse is meant.",
    );
    this.first = first;
    this.second = second;
  }
}

const nameOf = (key: PRNGKey): string => random.keyData(key).join();

const singles = (key: PRNGKey): PRNGKey[] =>
  key.shape.length === 0 ? [key] : [...key].flatMap((each) => singles(each));

/** Runs `f`, and tells of each use of a key that is no clone. */
function observe<R>(where: string, f: () => R, tell: (use: KeyUse, name: string) => void): R {
  checkFunction(where, f);
  const clones = new Set<string>();
  const result = observeUses(
    {
      used(key, by) {
        const at = placeOfCall();
        for (const each of singles(key)) {
          const name = nameOf(each);
          if (!clones.has(name)) tell({ key: each, by, at }, name);
        }
      },
      cloned(key) {
        for (const each of singles(key)) clones.add(nameOf(each));
      },
    },
    f,
  );
  if (result instanceof Promise)
    throw new NnxError(
      `${where}: expected a function that returns when it is done, got ${describe(result)}. ` +
        "Make the keys and draw in a function that is not async.",
    );
  return result;
}

/**
 * Lists the keys that a function uses up: by samplers, whether of `random`, of streams or of layers,
 * and by `split`. `foldIn` does not use up its key, as in JAX.
 * @param f - Not async. Functions that `jit` has recorded draw without being seen.
 * @returns the result of `f` and the uses in their order.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import { random, Rngs } from "@nnxjs/nnx";
 * import { trackKeys } from "@nnxjs/testing";
 *
 * const rngs = new Rngs(0);
 * const [, uses] = trackKeys(() => random.normal(rngs.nextKey("noise"), [2]));
 * uses.map(({ by }) => by); // => ["normal"]
 * ```
 */
export function trackKeys<R>(f: () => R): [result: R, uses: KeyUse[]] {
  const uses: KeyUse[] = [];
  const result = observe("trackKeys", f, (use) => uses.push(use));
  return [result, uses];
}

/**
 * Runs a function, and throws when a key is used up twice in it: two draws from one key are the same
 * numbers. Keys count as the same when their words are, wherever they come from. `random.clone(key)`
 * says that reuse is meant.
 * @param f - Not async, and without `remat`, which draws again what was drawn before. Functions that
 * `jit` has recorded draw without being seen.
 * @returns the result of `f`.
 * @throws {@link KeyReuseError} with both places.
 * @see `jax.debug_key_reuse`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import { random } from "@nnxjs/nnx";
 * import { checkKeyReuse } from "@nnxjs/testing";
 *
 * const noise = checkKeyReuse(() => {
 *   const keys = random.split(random.key(0));
 *   return [random.normal(keys.at(0), [2]), random.uniform(keys.at(1), [2])];
 * });
 * noise.length; // => 2
 * ```
 */
export function checkKeyReuse<R>(f: () => R): R {
  const seen = new Map<string, KeyUse>();
  return observe("checkKeyReuse", f, (use, name) => {
    const first = seen.get(name);
    if (first) throw new KeyReuseError(first, use);
    seen.set(name, use);
  });
}
