/** @file Gumbel noise. Adding it to logits turns a random choice into taking the largest. */
import { bits, type PRNGKey, uniform as rawUniform } from "../keys/index.ts";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import type { Shape } from "../keys/shape.ts";
import { log, log1p, TINY } from "./float32.ts";
import { drawFloat32, sampleShape } from "./kernel.ts";
import type { DrawnShape } from "./ranks.ts";

const GUMBEL_NAMES = { mode: true } as const;

/** The number of random bits in a Gumbel value. */
export type GumbelMode = "low" | "high" | "highest";

/** Options of {@link gumbel}. */
export interface GumbelOptions {
  /**
   * `"low"` makes a value from 23 bits, so it misses events rarer than about 1e-7. `"high"` takes
   * 46 bits and `"highest"` 64, at twice the cost.
   * @defaultValue "low"
   */
  mode?: GumbelMode;
}

/**
 * Density `e^-(x + e^-x)`: the distribution of the largest of many exponential values.
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @throws TypeError for an unknown mode.
 * @see `jax.random.gumbel`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.gumbel(nnx.random.key(0), [3]).shape; // => [3]
 * ```
 */
export function gumbel<K extends PRNGKey, const S extends Shape = readonly []>(
  key: K,
  shape?: S,
  options: GumbelOptions = {},
): DrawnShape<K, S> {
  checkOptions("gumbel", options, GUMBEL_NAMES);
  const fill = gumbelFill(options.mode);
  return drawFloat32("gumbel", key, sampleShape("gumbel", shape), fill);
}

/** Returns a function that fills an array in this mode. @throws TypeError for an unknown mode. */
export function gumbelFill(mode: GumbelMode = "low"): (key: PRNGKey, out: Float32Array) => void {
  switch (mode) {
    case "low":
      return gumbelLow;
    case "high":
      return gumbelHigh;
    case "highest":
      return gumbelHighest;
    default:
      throw new TypeError(
        `gumbel: expected mode "low", "high" or "highest", got ${JSON.stringify(mode satisfies never)}. Leave it out for "low".`,
      );
  }
}

function gumbelLow(key: PRNGKey, out: Float32Array): void {
  rawUniform(key, out.length, { minval: TINY, maxval: 1, out });
  for (let i = 0; i < out.length; i++) out[i] = -log(-log(out[i]!));
}

function gumbelHigh(key: PRNGKey, out: Float32Array): void {
  const n = out.length;
  const u = rawUniform(key, [2, n]);
  for (let i = 0; i < n; i++) {
    const high = u[i]!;
    const x = high >= 0.5 ? high : Math.fround(Math.fround(high + 2 ** -23 * u[n + i]!) + TINY);
    out[i] = -log(-log1p(-x));
  }
}

function gumbelHighest(key: PRNGKey, out: Float32Array): void {
  const n = out.length;
  const words = bits(key, [2, n]);
  for (let i = 0; i < n; i++) {
    const fraction = (BigInt(words[i]!) << 32n) | BigInt(words[n + i]!);
    const lower = words[i]! < 2 ** 31;
    const x = truncatedFraction(lower ? fraction : BigInt.asUintN(64, -fraction));
    out[i] = lower ? -log(-log1p(-x)) : -log(-log(x));
  }
}

/** `n / 2⁶⁴`, truncated to the 24 bits of a float32. */
function truncatedFraction(n: bigint): number {
  const excess = Math.max(0, n.toString(2).length - 24);
  return Number((n >> BigInt(excess)) << BigInt(excess)) * 2 ** -64;
}
