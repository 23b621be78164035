/** @file The class of keys, and access to its words for this folder alone. */
import { derive, open } from "./derivations.ts";
import { describe, inBrackets } from "./messages.ts";
import { dimensionsOf, formatShape, sizeOf } from "./shape.ts";

const BRAND = Symbol.for("@nnxjs/rnglib.PRNGKey");
const INSPECT = Symbol.for("nodejs.util.inspect.custom");
/** The name under which nnx-core finds how keys are cut and stacked. See `array-axes.ts` there. */
const AXES = Symbol.for("@nnxjs/nnx-core.arrayAxes");
const SINGLE: readonly number[] = Object.freeze([]);
const SHOWN = 3;

/** The result of {@link PRNGKey.toJSON}, and the argument of {@link PRNGKey.fromJSON}. */
export interface PRNGKeyJSON {
  readonly dtype: "key<fry>";
  readonly shape: readonly number[];
  /** Two uint32 words per key, row by row. */
  readonly words: readonly number[];
}

/** Makes a single key of two uint32 words. Internal. */
export let singleKey: (word0: number, word1: number) => PRNGKey;
/**
 * Makes an array of keys. It takes over `shape`, which must be frozen and not `[]`, and `words`,
 * two per key.
 */
let keyArray: (shape: readonly number[], words: Uint32Array) => PRNGKey;
/** Returns word 0 or 1 of the `index`-th key in row-major order. Internal. */
export let wordOf: (key: PRNGKey, index: number, which: 0 | 1) => number;
let isOwn: (value: unknown) => value is PRNGKey;

/**
 * A key, or an array of keys, of the threefry2x32 generator. A key is two uint32 words. Immutable.
 *
 * Keys come from {@link key}, `split`, `foldIn` and `wrapKeyData`. An array of keys is iterable
 * over its leading axis (`const [a, b] = split(k)`); a single key is not iterable.
 *
 * @see `jax.random.key`, new-style typed keys of dtype `key<fry>`.
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const keys = nnx.random.split(nnx.random.key(0), 3);
 * [keys instanceof nnx.PRNGKey, keys.shape]; // => [true, [3]]
 * const [first, ...others] = keys; // an array of keys is iterable
 * others.length; // => 2
 * ```
 */
export class PRNGKey {
  /** `[]` for a single key. Frozen. */
  readonly shape: readonly number[];
  /**
   * Differs between keys (up to a chance of 2⁻⁵³). It exists for deep equality in test libraries,
   * which cannot see private words. Programs should use {@link PRNGKey.equals}. A recorded function
   * may not read it.
   */
  readonly fingerprint: number;
  readonly #word0: number;
  readonly #word1: number;
  /**
   * The words of an array of keys. Undefined for a single key, for which an array would cost more
   * than the hash.
   */
  readonly #words: Uint32Array | undefined;

  private constructor(
    shape: readonly number[],
    word0: number,
    word1: number,
    words: Uint32Array | undefined,
  ) {
    this.shape = shape;
    this.fingerprint = (word0 & 0x1fffff) * 2 ** 32 + word1;
    this.#word0 = word0;
    this.#word1 = word1;
    this.#words = words;
  }

  static {
    // Defined here and not as members, because declarations that are made file by file cannot
    // contain computed names.
    Object.defineProperties(PRNGKey.prototype, {
      [BRAND]: { value: true },
      // No proxy of a user interface wraps keys: it could not read private words. See Vue's `markRaw`.
      __v_skip: { value: true },
      [AXES]: { value: { of: (key: PRNGKey) => wordsOf(ownKey("stack", key)), from: keyOf } },
      [INSPECT]: {
        value(this: PRNGKey) {
          return this.toString();
        },
      },
      // The compiler reads the elements of a pattern by index where there are some, and knows then that
      // they are there: `const [a, b] = split(key)`. More than eight are read by `at`.
      ...(Array.from({ length: 8 }, (_, i) => ({
        get(this: PRNGKey) {
          return this.at(i);
        },
      })) as object),
    });
    singleKey = (word0, word1) => new PRNGKey(SINGLE, word0, word1, undefined);
    keyArray = (shape, words) => {
      // FNV, twice.
      let [a, b] = [0, 0];
      for (const word of words) {
        a = Math.imul(a ^ word, 0x01000193);
        b = Math.imul(b ^ (a >>> 15) ^ word, 0x01000193);
      }
      return new PRNGKey(shape, a >>> 0, b >>> 0, words);
    };
    wordOf = (key, index, which) => {
      const words = key.#words;
      if (words !== undefined) return words[2 * index + which]!;
      return which === 0 ? key.#word0 : key.#word1;
    };
    isOwn = (value): value is PRNGKey => Object(value) === value && #words in (value as object);
  }

  /** Whether `value` is a key. Keys of another copy of this package count, too. */
  static isKey(value: unknown): value is PRNGKey {
    return (value as { readonly [BRAND]?: unknown } | null | undefined)?.[BRAND] === true;
  }

  /**
   * Makes the key that {@link PRNGKey.toJSON} wrote.
   *
   * @throws TypeError when `json` is something else.
   */
  static fromJSON(json: PRNGKeyJSON): PRNGKey {
    if (!isKeyJSON(json)) {
      throw new TypeError(
        `PRNGKey.fromJSON: expected { dtype: "key<fry>", shape, words }, got ${JSON.stringify(json)}. ` +
          "Pass what JSON.stringify(key) wrote.",
      );
    }
    return keyFromWords("PRNGKey.fromJSON", json.words, json.shape);
  }

  /** Always `"key<fry>"`, JAX's name for threefry keys. */
  get dtype(): "key<fry>" {
    return "key<fry>";
  }

  /** The number of keys; 1 for a single key. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /**
   * The length of the leading axis.
   *
   * @throws TypeError for a single key.
   */
  get length(): number {
    const length = this.shape[0];
    if (length !== undefined) return length;
    throw new TypeError("PRNGKey: expected an array of keys, got a single key. Use split(key, n) first.");
  }

  /**
   * Iterates over the leading axis. A single key has no iterator, so iterating over it throws "is
   * not iterable".
   */
  get [Symbol.iterator](): () => IterableIterator<PRNGKey> {
    // For a single key the true type is `undefined`. With that type, arrays of keys could not be
    // destructured.
    if (this.#words === undefined) return undefined as unknown as () => IterableIterator<PRNGKey>;
    return () => Array.from({ length: this.length }, (_, i) => this.at(i)).values();
  }

  /**
   * The `index`-th key (or array of keys) along the leading axis. Negative indices count from the
   * end.
   *
   * @throws TypeError for a single key, RangeError for an index out of range.
   */
  at(index: number): PRNGKey {
    const { length } = this;
    if (!Number.isInteger(index) || index < -length || index >= length) {
      throw new RangeError(
        `PRNGKey.at: expected an integer in [${-length}, ${length}), got ${index}. The shape is ${formatShape(this.shape)}.`,
      );
    }
    return derive(this, (from) => rowOf(from, index < 0 ? index + length : index));
  }

  /** Whether `other` is a key of the same shape with the same words. */
  equals(other: unknown): boolean {
    return PRNGKey.isKey(other) && contentOf(this) === contentOf(ownKey("PRNGKey.equals", other));
  }

  /** Such as `key<fry>[] [0, 42]` or `key<fry>[2] [[0, 1], [2, 3]]`; long arrays are shortened. */
  toString(): string {
    const show = (keys: PRNGKey): string => {
      const length = keys.shape[0];
      if (length === undefined) return inBrackets(wordsOf(keys));
      const parts: string[] = [];
      for (let i = 0; i < length; i++) {
        if (i < SHOWN || i >= length - SHOWN) parts.push(show(rowOf(keys, i)));
        else if (i === SHOWN) parts.push("...");
      }
      return inBrackets(parts);
    };
    return `key<fry>${formatShape(this.shape)} ${show(this)}`;
  }

  /** Plain data from which {@link PRNGKey.fromJSON} makes an equal key. */
  toJSON(): PRNGKeyJSON {
    open(this);
    return { dtype: "key<fry>", shape: [...this.shape], words: [...wordsOf(this)] };
  }
}

/** Shape and words, as a text. */
const contentOf = (keys: PRNGKey): string => String([keys.shape, [], wordsOf(keys)]);

/** The key, or array of keys, at an index along the leading axis. */
function rowOf(keys: PRNGKey, index: number): PRNGKey {
  if (keys.shape.length === 1) return singleKey(wordOf(keys, index, 0), wordOf(keys, index, 1));
  const shape = keys.shape.slice(1);
  const stride = 2 * sizeOf(shape);
  return keyOf(shape, wordsOf(keys).slice(index * stride, (index + 1) * stride));
}

/** Whether `json` has the form of a key. It was parsed from text, so its type proves nothing. */
const isKeyJSON = (json: Partial<PRNGKeyJSON> | null | undefined): json is PRNGKeyJSON =>
  json?.dtype === "key<fry>" && Array.isArray(json.shape) && Array.isArray(json.words);

/** A copy of the words of a key, two per key. Internal; the public name is `keyData`. */
export function wordsOf(key: PRNGKey): Uint32Array {
  const words = new Uint32Array(2 * key.size);
  for (let i = 0; i < words.length; i++) words[i] = wordOf(key, i >> 1, (i & 1) as 0 | 1);
  return words;
}

/**
 * Makes a key of this shape from words, which it checks and copies. Internal; the public name is
 * `wrapKeyData`.
 */
export function keyFromWords(where: string, words: ArrayLike<number>, shape: readonly number[]): PRNGKey {
  const dimensions = dimensionsOf(where, shape);
  const size = sizeOf(dimensions);
  if (words.length !== 2 * size) {
    throw new TypeError(
      `${where}: expected ${2 * size} words for keys of shape ${formatShape(dimensions)}, got ${words.length}. ` +
        "A key has two uint32 words.",
    );
  }
  for (let i = 0; i < words.length; i++) {
    if (words[i]! >>> 0 !== words[i]) {
      throw new TypeError(`${where}: expected uint32 words, got ${words[i]} at ${i}. Write it as (x >>> 0).`);
    }
  }
  return keyOf(dimensions, Uint32Array.from(words));
}

/**
 * Converts `value` to a key of this copy of the package. Internal.
 *
 * @throws TypeError when it is not a key.
 */
export function ownKey(where: string, value: PRNGKey): PRNGKey {
  if (isOwn(value)) return value;
  if (PRNGKey.isKey(value)) return PRNGKey.fromJSON((value as PRNGKey).toJSON());
  throw new TypeError(
    `${where}: expected a key, got ${describe(value)}. Make one with key(seed). It is the first argument.`,
  );
}

/** Makes a key, or an array of keys, of a shape and words that nobody else has. */
export function keyOf(shape: readonly number[], words: Uint32Array): PRNGKey {
  return shape.length === 0 ? singleKey(words[0]!, words[1]!) : keyArray(Object.freeze(shape), words);
}
