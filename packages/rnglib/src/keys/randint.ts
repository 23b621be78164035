/** @file Random integers in a range. */
import { fillBits } from "./fill.ts";
import { split } from "./key.ts";
import { checkNames } from "./messages.ts";
import { fillRows, outputFor } from "./output.ts";
import { type PRNGKey, singleKey, wordOf } from "./prng-key.ts";
import type { Shape } from "./shape.ts";
import { kernelRandint, SMALLEST } from "./wasm/kernels.ts";

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
 * @example
 * ```ts
 * import { key, randint } from "@nnxjs/rnglib/keys";
 *
 * Array.from(randint(key(0), [4], 0, 10)); // => [9, 0, 2, 3]
 * ```
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
  // The product wraps at 32 bits in JAX too. So this is 0 for spans above 2¹⁶.
  const multiplier = (Math.imul(half, half) >>> 0) % span;
  return fillRows("randint", key, result, (k0, k1, row) => {
    const halves = split(singleKey(k0, k1));
    const [h0, h1] = [wordOf(halves, 0, 0), wordOf(halves, 0, 1)];
    const [l0, l1] = [wordOf(halves, 1, 0), wordOf(halves, 1, 1)];
    if (row.length >= SMALLEST && kernelRandint(h0, h1, l0, l1, { span, multiplier, minval }, row)) return;
    const length = Math.min(PIECE, row.length);
    const high = new Uint32Array(multiplier === 0 ? 0 : length);
    const low = new Uint32Array(length);
    for (let begin = 0; begin < row.length; begin += length) {
      const count = Math.min(length, row.length - begin);
      fillBits(l0, l1, begin, low.subarray(0, count));
      if (multiplier !== 0) fillBits(h0, h1, begin, high.subarray(0, count));
      reduce(high, low, multiplier, span, minval, row.subarray(begin, begin + count));
    }
  });
}

/** Elements at a time: the words stay in the first-level cache. */
const PIECE = 4096;

/**
 * Writes `minval + (high * multiplier + low) % span`. The multiplier is 0, or the span is below 2¹⁶
 * and the multiplier below the span. So the sum is below 2⁴⁹, and this is exact: the quotient is off
 * by less than 2⁻³ / span, and (sum + 1/2) / span is at least 1/2 / span away from every integer.
 */
function reduce(
  high: Uint32Array,
  low: Uint32Array,
  multiplier: number,
  span: number,
  minval: number,
  out: Int32Array,
): void {
  const perSpan = 1 / span;
  if (multiplier === 0) {
    for (let i = 0; i < out.length; i++) {
      const word = low[i]!;
      out[i] = minval + (word - Math.floor((word + 0.5) * perSpan) * span);
    }
    return;
  }
  for (let i = 0; i < out.length; i++) {
    const sum = high[i]! * multiplier + low[i]!;
    out[i] = minval + (sum - Math.floor((sum + 0.5) * perSpan) * span);
  }
}
