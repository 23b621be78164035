/** @file Makes keys: from seeds, from words, from other keys. */
import { derive, open } from "./derivations.ts";
import { describe } from "./messages.ts";
import type { KeyArray, KeyAxes, KeyAxesOf, KeysAt } from "./key-types.ts";
import { keyFromWords, keyOf, ownKey, type PRNGKey, singleKey, wordOf, wordsOf } from "./prng-key.ts";
import { type AxesOf, dimensionsOf, formatShape, type Shape, sizeOf } from "./shape.ts";
import { threefry2x32 } from "./threefry.ts";
import { noteClone, use } from "./uses.ts";

const pair = new Uint32Array(2);
/**
 * The shape of most splits. It is made once, because making and freezing it would cost as much as
 * the two hashes.
 */
const PAIR: readonly number[] = Object.freeze([2]);

/**
 * The key of a seed: the words `[0, seed mod 2³²]`.
 *
 * As in JAX with its default 32-bit integers, the upper half of a larger seed is dropped, so
 * `key(2 ** 32 + 5)` equals `key(5)` and `key(-1)` equals `key(2 ** 32 - 1)`.
 *
 * @param seed - An integer in [-2⁶³, 2⁶³), or a boolean (1 or 0).
 * @throws TypeError when it is not an integer, RangeError when it does not fit into 64 bits.
 * @see `jax.random.key`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.key(0).equals(nnx.random.key(0)); // => true
 * ```
 */
export function key(seed: number | bigint | boolean): PRNGKey {
  if (typeof seed === "number" ? !Number.isInteger(seed) : !/^b/.test(typeof seed)) {
    throw new TypeError(
      `key: expected an integer seed, got ${describe(seed)}. Round it, or hash it to an integer.`,
    );
  }
  const whole = BigInt(seed);
  if (BigInt.asIntN(64, whole) !== whole) {
    throw new RangeError(`key: expected a seed in [-2^63, 2^63), got ${seed}. Take it modulo 2^32.`);
  }
  return singleKey(0, Number(BigInt.asUintN(32, whole)));
}

/**
 * The words of a key or of an array of keys, two per key, row by row, as a new flat array.
 * @param key - Any key, or array of keys.
 * @see `jax.random.key_data`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * Array.from(nnx.random.keyData(nnx.random.key(5))); // => [0, 5]
 * ```
 */
export function keyData(key: PRNGKey): Uint32Array {
  open(key);
  return wordsOf(ownKey("keyData", key));
}

/**
 * The key with these words: the inverse of {@link keyData}.
 *
 * @param words - uint32 values, two per key. They are copied.
 * @param shape - The shape of the result. @defaultValue `[]` for two words, else `[words.length /
 * 2]`
 * @throws TypeError when the number of words does not fit, or a value is not a uint32.
 * @see `jax.random.wrap_key_data`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.wrapKeyData(Uint32Array.of(0, 5)).equals(nnx.random.key(5)); // => true
 * ```
 */
export function wrapKeyData(words: ArrayLike<number>, shape?: Shape): PRNGKey {
  const fallback = words.length === 2 ? [] : Math.floor(words.length / 2);
  return keyFromWords("wrapKeyData", words, dimensionsOf("wrapKeyData", shape ?? fallback));
}

/**
 * The type of the keys that {@link split} returns, with as many axes as the types of key and shape
 * have, and with indices where a single key becomes up to eight.
 */
export type SplitKeys<K extends PRNGKey, S extends Shape> = readonly [
  ...KeyAxesOf<K>,
  ...AxesOf<S>,
] extends infer A
  ? A extends KeyAxes
    ? KeyArray<A> & (KeyAxesOf<K> extends readonly [] ? KeysAt<S> : unknown)
    : A extends readonly []
      ? PRNGKey
      : KeyArray
  : never;

/**
 * New keys, independent of `key` and of each other. The i-th equals `foldIn(key, i)`.
 *
 * @param key - A single key. Each key of an array is split, as `jax.vmap` over the array would.
 * @param shape - How many keys, or the shape of the array of keys. @defaultValue 2
 * @returns Keys of shape `[...key.shape, ...shape]`.
 * @throws RangeError for a negative or fractional size.
 * @see `jax.random.split`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const [first, second] = nnx.random.split(nnx.random.key(0), 2);
 * ```
 */
export function split<K extends PRNGKey, const S extends Shape = 2>(key: K, shape?: S): SplitKeys<K, S>;
export function split(key: PRNGKey, shape: Shape = 2): PRNGKey {
  return use(key, "split", () => derive(key, (from) => splitNow(ownKey("split", from), shape)));
}

function splitNow(parents: PRNGKey, shape: Shape): PRNGKey {
  const own = shape === 2 ? PAIR : dimensionsOf("split", shape);
  const dimensions = parents.shape.length === 0 ? own : [...parents.shape, ...own];
  const children = new Uint32Array(2 * sizeOf(dimensions));
  const each = sizeOf(own);
  for (let parent = 0, at = 0; at < children.length; parent++) {
    const k0 = wordOf(parents, parent, 0);
    const k1 = wordOf(parents, parent, 1);
    for (let i = 0; i < each; i++, at += 2) threefry2x32(k0, k1, 0, i, children, at);
  }
  return keyOf(dimensions, children);
}

/**
 * A new key made from a key and a number. Use it to give each of many things its own randomness.
 *
 * @param key - A single key.
 * @param data - An integer in [0, 2³²), or a boolean (1 or 0).
 * @throws TypeError for an array of keys, RangeError when `data` is not such an integer.
 * @see `jax.random.fold_in`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.foldIn(nnx.random.key(0), 7).equals(nnx.random.key(0)); // => false
 * ```
 */
export function foldIn(key: PRNGKey, data: number | boolean): PRNGKey {
  const parent = ownKey("foldIn", key);
  if (parent.shape.length > 0) {
    throw new TypeError(
      `foldIn: expected a single key, got an array of keys of shape ${formatShape(parent.shape)}. Map over the keys.`,
    );
  }
  const counter = typeof data === "boolean" ? Number(data) : data;
  if (typeof counter !== "number" || counter >>> 0 !== counter) {
    throw new RangeError(
      `foldIn: expected an integer in [0, 2^32), got ${describe(data)}. Write it as (x >>> 0).`,
    );
  }
  return derive(parent, (from) => {
    threefry2x32(wordOf(from, 0, 0), wordOf(from, 0, 1), 0, counter, pair, 0);
    return singleKey(pair[0]!, pair[1]!);
  });
}

/**
 * An equal key. Keys are immutable, so calling this only shows that the key is reused on purpose.
 * @param key - Any key, or array of keys.
 * @see `jax.random.clone`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const key = nnx.random.key(0);
 * nnx.random.clone(key).equals(key); // => true
 * ```
 */
export function clone(key: PRNGKey): PRNGKey {
  const source = ownKey("clone", key);
  const made = derive(source, (from) => keyFromWords("clone", wordsOf(from), from.shape));
  noteClone(made);
  return made;
}

/** The key as often as the shape says. Internal. */
export const repeat = (key: PRNGKey, shape: readonly number[]): PRNGKey =>
  derive(key, (from) => {
    const [word0, word1] = [wordOf(from, 0, 0), wordOf(from, 0, 1)];
    return keyFromWords(
      "broadcast",
      Uint32Array.from({ length: 2 * sizeOf(shape) }, (_, i) => (i % 2 === 0 ? word0 : word1)),
      shape,
    );
  });
