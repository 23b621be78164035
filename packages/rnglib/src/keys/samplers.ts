/** @file Samplers of bits and real numbers that return typed arrays. */
import { erf } from "./erf.ts";
import { fillBits, fillNormal, fillUniformRange, flush, probit } from "./fill.ts";
import { checkNames } from "./messages.ts";
import { fillRows, outputFor } from "./output.ts";
import type { PRNGKey } from "./prng-key.ts";
import type { Shape } from "./shape.ts";

/** The array type of {@link bits} for each width. */
export interface BitsArrays {
  8: Uint8Array;
  16: Uint16Array;
  32: Uint32Array;
  64: BigUint64Array;
}

/** Options of {@link bits}. */
export interface BitsOptions<W extends keyof BitsArrays> {
  /** Bits per element: 8, 16, 32 or 64. @defaultValue 32 */
  width?: W;
  /** An array to write to and return, instead of a new one. */
  out?: BitsArrays[W];
}

const BITS_NAMES = { width: true, out: true } as const;
const UNIFORM_NAMES = { minval: true, maxval: true, out: true } as const;
const NORMAL_NAMES = { out: true } as const;
const bitsKinds = { 8: Uint8Array, 16: Uint16Array, 32: Uint32Array, 64: BigUint64Array } as const;

/**
 * Uniform random bits as unsigned integers.
 *
 * @param key - A single key, or an array of keys that each draw `shape`.
 * @param shape - The shape of the sample. @defaultValue `[]`, one element
 * @returns Row-major elements of shape `[...key.shape, ...shape]`.
 * @throws TypeError for another width or a wrong type of `out`, RangeError for a bad shape or a
 * wrong length of `out`.
 * @see `jax.random.bits`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.bits(nnx.random.key(0), [2]).length; // => 2
 * ```
 */
export function bits<W extends keyof BitsArrays = 32>(
  key: PRNGKey,
  shape: Shape = [],
  options: BitsOptions<W> = {},
): BitsArrays[W] {
  checkNames("bits", options, BITS_NAMES);
  const { width, out } = options;
  const w: keyof BitsArrays = width ?? 32;
  if (!Object.hasOwn(bitsKinds, w)) {
    throw new TypeError(
      `bits: expected a width of 8, 16, 32 or 64, got ${String(w)}. Draw 32 bits and shift.`,
    );
  }
  // TypeScript does not relate the table to the type parameter. `outputFor` checks the type of
  // `out`.
  const kind = bitsKinds[w] as unknown as new (length: number) => BitsArrays[W];
  return fillRows("bits", key, outputFor("bits", key, shape, kind, out), (k0, k1, row) =>
    fillBits(k0, k1, 0, row),
  );
}

/** Options of {@link uniform}. */
export interface UniformOptions {
  /** Inclusive lower bound, rounded to float32. @defaultValue 0 */
  minval?: number;
  /** Exclusive upper bound, rounded to float32. @defaultValue 1 */
  maxval?: number;
  /** An array to write to and return, instead of a new one. */
  out?: Float32Array;
}

/**
 * Uniform float32 in [minval, maxval). Like in JAX, all are `minval` when `maxval <= minval`.
 * Bounds and results below 2⁻¹²⁶ are 0.
 *
 * @param key - A single key, or an array of keys that each draw `shape`.
 * @param shape - The shape of the sample. @defaultValue `[]`, one element
 * @returns Row-major elements of shape `[...key.shape, ...shape]`.
 * @throws RangeError for a bad shape; see {@link bits} for `out`.
 * @see `jax.random.uniform`; equal to it bit for bit on the CPU.
 * @example
 * ```ts
 * import { key, uniform } from "@nnxjs/rnglib/keys";
 *
 * uniform(key(0), [100]).every((x) => x >= 0 && x < 1); // => true
 * ```
 */
export function uniform(key: PRNGKey, shape: Shape = [], options: UniformOptions = {}): Float32Array {
  checkNames("uniform", options, UNIFORM_NAMES);
  const { minval = 0, maxval = 1, out } = options;
  const low = Math.fround(minval);
  const high = Math.fround(maxval);
  return fillRows("uniform", key, outputFor("uniform", key, shape, Float32Array, out), (k0, k1, row) =>
    fillUniformRange(k0, k1, 0, low, high, row),
  );
}

/** Options of {@link normal} and {@link truncatedNormal}. */
export interface NormalOptions {
  /** An array to write to and return, instead of a new one. */
  out?: Float32Array;
}

/**
 * Standard normal float32.
 *
 * @param key - A single key, or an array of keys that each draw `shape`.
 * @param shape - The shape of the sample. @defaultValue `[]`, one element
 * @returns Row-major elements of shape `[...key.shape, ...shape]`.
 * @throws RangeError for a bad shape; see {@link bits} for `out`.
 * @see `jax.random.normal`; within 4 ulp of it on the CPU, most values equal.
 * @example
 * ```ts
 * import { key, normal } from "@nnxjs/rnglib/keys";
 *
 * normal(key(0), [2, 3]).length; // => 6
 * ```
 */
export function normal(key: PRNGKey, shape: Shape = [], options: NormalOptions = {}): Float32Array {
  checkNames("normal", options, NORMAL_NAMES);
  return fillRows("normal", key, outputFor("normal", key, shape, Float32Array, options.out), (k0, k1, row) =>
    fillNormal(k0, k1, 0, row),
  );
}

/** XLA turns a division by a constant into a product with its rounded reciprocal. */
const BY_SQRT2 = Math.fround(1 / Math.fround(Math.SQRT2));

/**
 * Standard normal float32 truncated to the open interval (lower, upper).
 *
 * Far in a tail (beyond about 5), float32 cannot distinguish the bounds and the result is the value
 * next to a bound. When `upper <= lower`, it is the value just below `upper`. Numbers too small to
 * be normal count as zeros of their sign. All this is as in JAX.
 *
 * @param key - A single key, or an array of keys that each draw `shape`.
 * @param lower - Lower bound, rounded to float32.
 * @param upper - Upper bound, rounded to float32.
 * @param shape - The shape of the sample. @defaultValue `[]`, one element
 * @returns Row-major elements of shape `[...key.shape, ...shape]`.
 * @throws RangeError for a bad shape; see {@link bits} for `out`.
 * @see `jax.random.truncated_normal`; within 4 ulp of it on the CPU.
 * @example
 * ```ts
 * import { key, truncatedNormal } from "@nnxjs/rnglib/keys";
 *
 * truncatedNormal(key(0), -2, 2, [100]).every((x) => Math.abs(x) < 2); // => true
 * ```
 */
export function truncatedNormal(
  key: PRNGKey,
  lower: number,
  upper: number,
  shape: Shape = [],
  options: NormalOptions = {},
): Float32Array {
  checkNames("truncatedNormal", options, NORMAL_NAMES);
  const from = Math.fround(lower);
  const to = Math.fround(upper);
  const a = erf(from * BY_SQRT2);
  const b = erf(to * BY_SQRT2);
  const least = flush(nextFloat32(from, 1));
  const most = flush(nextFloat32(to, -1));
  return fillRows(
    "truncatedNormal",
    key,
    outputFor("truncatedNormal", key, shape, Float32Array, options.out),
    (k0, k1, row) => {
      fillUniformRange(k0, k1, 0, a, b, row);
      probit(row);
      for (let i = 0; i < row.length; i++) {
        row[i] = Math.min(most, Math.max(least, row[i]!));
      }
    },
  );
}

/** The next float32 above or below `x`. */
function nextFloat32(x: number, direction: 1 | -1): number {
  if (Number.isNaN(x) || x === direction * Number.POSITIVE_INFINITY) return x;
  const float = new Float32Array([x === 0 ? 0 : x]);
  const int = new Int32Array(float.buffer);
  if (x === 0) return direction * 2 ** -149;
  int[0]! += x > 0 === direction > 0 ? 1 : -1;
  return float[0]!;
}
