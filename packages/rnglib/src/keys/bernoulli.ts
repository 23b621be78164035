/** @file Coin flips, and the masks of Dropout and DropConnect that are made from them. */
import { fillBernoulli, fillMaskScale, fillUniform } from "./fill.ts";
import { checkNames } from "./messages.ts";
import { fillRows, outputFor } from "./output.ts";
import { ownKey, type PRNGKey } from "./prng-key.ts";
import type { Shape } from "./shape.ts";

const BERNOULLI_NAMES = { mode: true, out: true } as const;
const MASK_NAMES = { scale: true, out: true } as const;

/** Options of {@link bernoulli}. */
export interface BernoulliOptions {
  /**
   * `"low"` compares one uniform of 23 bits with `p`. `"high"` takes a second one for the lower
   * bits, which matters for `p` below about 1e-7.
   * @defaultValue "low"
   */
  mode?: "low" | "high";
  /** An array to write to and return, instead of a new one. */
  out?: Uint8Array;
}

/**
 * 1 with probability `p`, else 0.
 *
 * @param key - A single key, or an array of keys that each draw `shape`.
 * @param p - Rounded to float32. At most 0, or NaN, gives zeros; at least 1 gives ones.
 * @defaultValue 0.5
 * @param shape - The shape of the sample. @defaultValue `[]`, one element
 * @returns Row-major elements of shape `[...key.shape, ...shape]`.
 * @throws TypeError for an unknown mode, RangeError for a bad shape; see `bits` for `out`.
 * @see `jax.random.bernoulli`; equal to it bit for bit.
 * @example
 * ```ts
 * import { bernoulli, key } from "@nnxjs/rnglib/keys";
 *
 * bernoulli(key(0), 0.5, [8]).length; // => 8
 * ```
 */
export function bernoulli(
  key: PRNGKey,
  p = 0.5,
  shape: Shape = [],
  options: BernoulliOptions = {},
): Uint8Array {
  checkNames("bernoulli", options, BERNOULLI_NAMES);
  const { mode = "low", out } = options;
  switch (mode) {
    case "low":
    case "high":
      break;
    default:
      throw new TypeError(
        `bernoulli: expected mode "low" or "high", got ${JSON.stringify(mode satisfies never)}. Leave it out for "low".`,
      );
  }
  const result = outputFor("bernoulli", key, shape, Uint8Array, out);
  const fill = mode === "low" ? fillBernoulli : fillBernoulliHigh;
  return fillRows("bernoulli", key, result, (k0, k1, row) => fill(k0, k1, 0, p, row));
}

/** Draws `2 * out.length` uniforms. The second half gives the lower bits of the first half. */
function fillBernoulliHigh(k0: number, k1: number, start: number, p: number, out: Uint8Array): void {
  const rounded = Math.fround(p);
  const n = out.length;
  const u = new Float32Array(2 * n);
  fillUniform(k0, k1, start, u);
  for (let i = 0; i < n; i++) out[i] = u[n + i]! * 2 ** -23 < Math.fround(rounded - u[i]!) ? 1 : 0;
}

/** Options of {@link maskScale}. */
export interface MaskScaleOptions {
  /**
   * The factor of kept elements.
   * @defaultValue `1 / keep`, rounded as XLA rounds a division by `keep`
   */
  scale?: number;
  /** An array to write to and return, instead of a new one. It may be `source` itself. */
  out?: Float32Array;
}

/**
 * Keeps each element of `source` with probability `keep`, times `scale`, and replaces the others
 * with 0, in one pass. This is the forward pass of Dropout and DropConnect. With the upstream
 * gradient as `source` and the same key it is their backward pass.
 *
 * The mask equals `bernoulli(key, keep, source.length)`, which equals JAX's.
 *
 * @param key - A single key, or an array of keys that each mask an equal share of `source`.
 * @param keep - The probability to keep an element, `1 - rate`; rounded to float32.
 * @param source - Any length. Dropped elements become +0, even where they are NaN or infinite.
 * @throws RangeError when `source` cannot be divided among the keys, or `out` has another length.
 * @see `flax.nnx.Dropout`: `where(mask, x / keep, 0)`.
 * @example
 * ```ts
 * import { key, maskScale } from "@nnxjs/rnglib/keys";
 *
 * Array.from(maskScale(key(0), 0.5, new Float32Array(8).fill(1))); // => [0, 0, 2, 2, 0, 2, 2, 0]
 * ```
 */
export function maskScale(
  key: PRNGKey,
  keep: number,
  source: Float32Array,
  options: MaskScaleOptions = {},
): Float32Array {
  checkNames("maskScale", options, MASK_NAMES);
  const { scale = Math.fround(1 / Math.fround(keep)), out } = options;
  const rows = ownKey("maskScale", key).size;
  const width = rows === 0 ? 0 : source.length / rows;
  if (width * rows !== source.length || !Number.isInteger(width)) {
    throw new RangeError(
      `maskScale: expected a multiple of ${rows} elements for ${rows} keys, got ${source.length}. Use one key, or pad.`,
    );
  }
  const result = outputFor("maskScale", key, width, Float32Array, out);
  return fillRows("maskScale", key, result, (k0, k1, row, begin) =>
    fillMaskScale(k0, k1, 0, keep, scale, source.subarray(begin, begin + width), row),
  );
}
