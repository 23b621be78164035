/** @file Random integers in a range. */
import { fillBits } from "./fill.ts";
import { split } from "./key.ts";
import { checkNames } from "./messages.ts";
import { fillRows, outputFor } from "./output.ts";
import { type PRNGKey, singleKey, wordOf } from "./prng-key.ts";
import type { Shape } from "./shape.ts";

const RANDINT_NAMES = { out: true } as const;

/** Options of {@link randint}. */
export interface RandintOptions {
  /** An array to write to and return, instead of a new one. */
  out?: Int32Array;
}

/**
 * Integers in [minval, maxval). Like in JAX, all are `minval` when `maxval <= minval`.
 *
 * @param key - A single key, or an array of keys that each draw `shape`.
 * @param shape - The shape of the sample.
 * @param minval - Inclusive lower bound, an int32.
 * @param maxval - Exclusive upper bound, an int32.
 * @returns Row-major elements of shape `[...key.shape, ...shape]`.
 * @throws RangeError for bounds that are not int32 or a bad shape; see `bits` for `out`.
 * @see `jax.random.randint`, with the same slightly biased reduction of 64 bits; equal to it bit
 * for bit.
 */
export function randint(
  key: PRNGKey,
  shape: Shape,
  minval: number,
  maxval: number,
  options: RandintOptions = {},
): Int32Array {
  checkNames("randint", options, RANDINT_NAMES);
  for (const [name, value] of [
    ["minval", minval],
    ["maxval", maxval],
  ] as const) {
    if ((value | 0) !== value) {
      throw new RangeError(
        `randint: expected ${name} to be an int32, got ${value}. Round it, or scale a uniform.`,
      );
    }
  }
  const result = outputFor("randint", key, shape, Int32Array, options.out);
  const span = maxval > minval ? maxval - minval : 1;
  const half = 2 ** 16 % span;
  // The product wraps at 32 bits in JAX too.
  const multiplier = (Math.imul(half, half) >>> 0) % span;
  return fillRows(key, result, (k0, k1, row) => {
    const halves = split(singleKey(k0, k1));
    const high = new Uint32Array(row.length);
    const low = new Uint32Array(row.length);
    fillBits(wordOf(halves, 0, 0), wordOf(halves, 0, 1), 0, high);
    fillBits(wordOf(halves, 1, 0), wordOf(halves, 1, 1), 0, low);
    for (let i = 0; i < row.length; i++) {
      const offset = (Math.imul(modulo(high[i]!, span), multiplier) + modulo(low[i]!, span)) >>> 0;
      row[i] = minval + modulo(offset, span);
    }
  });
}

/**
 * `a % b` of uint32. The division is exact enough for the floor to be right. It is ten times faster
 * than `%` on doubles.
 */
function modulo(a: number, b: number): number {
  return a - Math.floor(a / b) * b;
}
