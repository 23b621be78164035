/** @file Uniform and Bernoulli draws as tensors. */
import { isTensor } from "@nnxjs/kernels/internal";
import { bernoulli as rawBernoulli, type PRNGKey, uniform as rawUniform } from "../keys/index.ts";
import { thresholdOf } from "../keys/fill.ts";
import type { Shape } from "../keys/shape.ts";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import { flush } from "./float32.ts";
import { drawBool, drawFloat32, expand, type Parameter, sampleShape, valuesOf } from "./kernel.ts";
import type { Drawn1, DrawnShape, MaybeShape } from "./ranks.ts";

const UNIFORM_NAMES = { minval: true, maxval: true } as const;
const BERNOULLI_NAMES = { mode: true } as const;

/** Options of {@link uniform}. */
export interface UniformOptions {
  /** Inclusive; broadcasts to the shape. @defaultValue 0 */
  minval?: Parameter;
  /** Exclusive; broadcasts to the shape. @defaultValue 1 */
  maxval?: Parameter;
}

/**
 * Uniform values in `[minval, maxval)`, equal to JAX's bit for bit; `minval` where `maxval <=
 * minval`.
 * @param key - A key. Keys of shape `[n]` give `n` independent rows.
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @throws RangeError when the bounds do not broadcast to `shape`.
 * @see `jax.random.uniform`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.uniform(nnx.random.key(0), [3], { minval: -1, maxval: 1 }).shape; // => [3]
 * ```
 */
export function uniform<K extends PRNGKey, const S extends Shape = readonly []>(
  key: K,
  shape?: S,
  options: UniformOptions = {},
): DrawnShape<K, S> {
  checkOptions("uniform", options, UNIFORM_NAMES);
  const { minval = 0, maxval = 1 } = options;
  if (typeof minval === "number" && typeof maxval === "number") {
    const fill = (single: PRNGKey, out: Float32Array): void => {
      rawUniform(single, out.length, { minval, maxval, out });
    };
    // Other bounds take a fused multiply-add, which devices need not have.
    const device = minval === 0 && maxval === 1 ? ({ kind: "uniform" } as const) : undefined;
    return drawFloat32("uniform", key, sampleShape("uniform", shape), fill, device);
  }
  const low = valuesOf("uniform", minval);
  const high = valuesOf("uniform", maxval);
  const dimensions = sampleShape("uniform", shape, low, high);
  const from = expand(low, dimensions);
  const to = expand(high, dimensions);
  return drawFloat32("uniform", key, dimensions, (single, out) => uniformBetween(single, from, to, out));
}

/** Fills `out` with uniforms. Each element has its own bounds. */
export function uniformBetween(key: PRNGKey, from: Float32Array, to: Float32Array, out: Float32Array): void {
  rawUniform(key, out.length, { out });
  for (let i = 0; i < out.length; i++) {
    // A fused multiply-add, as in XLA: the product of two float32 is exact in a double.
    const value = Math.fround(out[i]! * flush(Math.fround(to[i]! - from[i]!)) + from[i]!);
    out[i] = Math.max(from[i]!, flush(value));
  }
}

/** Options of {@link bernoulli}. */
export interface BernoulliOptions {
  /**
   * `"high"` draws two uniforms for each value, for probabilities below 2⁻²³. @defaultValue "low"
   */
  mode?: "low" | "high";
}

/**
 * True with probability `p`, equal to JAX's bit for bit.
 * @param p - Values outside `[0, 1]` act like the nearer bound, as in JAX. @defaultValue 0.5
 * @param shape - The shape of the sample; `p` must broadcast to it. @defaultValue the shape of `p`
 * @returns bool of shape `[...key.shape, ...shape]`.
 * @throws TypeError for an unknown mode or when `p` is an int32 or bool tensor, RangeError when `p`
 * does not broadcast to `shape`.
 * @see `jax.random.bernoulli`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.bernoulli(nnx.random.key(0), 0.25, [3]).dtype; // => "bool"
 * ```
 */
export function bernoulli<
  K extends PRNGKey,
  P extends Parameter = number,
  const S extends MaybeShape = undefined,
>(key: K, p?: P, shape?: S, options: BernoulliOptions = {}): Drawn1<K, S, P> {
  checkOptions("bernoulli", options, BERNOULLI_NAMES);
  if (isTensor(p) && p.dtype !== "float32") {
    throw new TypeError(
      `bernoulli: expected probabilities of dtype float32, got ${p.dtype}. Cast them: tf.cast(p, "float32").`,
    );
  }
  const chances = valuesOf("bernoulli", p ?? 0.5);
  const dimensions = sampleShape("bernoulli", shape, chances);
  if (chances.data.length === 1) {
    const [chance = 0] = chances.data;
    const fill = (single: PRNGKey, out: Uint8Array): void => {
      rawBernoulli(single, chance, out.length, { ...options, out });
    };
    const device = { kind: "bernoulli", threshold: thresholdOf(chance) } as const;
    return drawBool("bernoulli", key, dimensions, fill, options.mode === "high" ? undefined : device);
  }
  const high = checkedMode(options.mode) === "high";
  const expanded = expand(chances, dimensions);
  return drawBool("bernoulli", key, dimensions, (single, out) => {
    const n = out.length;
    const u = rawUniform(single, high ? 2 * n : n);
    for (let i = 0; i < n; i++) {
      const below = high ? u[n + i]! * 2 ** -23 < Math.fround(expanded[i]! - u[i]!) : u[i]! < expanded[i]!;
      out[i] = below ? 1 : 0;
    }
  });
}

function checkedMode(mode: "low" | "high" = "low"): "low" | "high" {
  switch (mode) {
    case "low":
    case "high":
      return mode;
    default:
      throw new TypeError(
        `bernoulli: expected mode "low" or "high", got ${JSON.stringify(mode satisfies never)}. Leave it out for "low".`,
      );
  }
}
