/** @file Uniform and Bernoulli draws as tensors. */
import { bernoulli as rawBernoulli, uniform as rawUniform, type PRNGKey } from "../keys/index.ts";
import { bool, float32, type Tensor } from "../tensor.ts";
import { shapeFor } from "./shape.ts";

/** The range of {@link uniform}. */
export interface UniformOptions {
  /** @defaultValue 0 */
  minval?: number;
  /** Exclusive. @defaultValue 1 */
  maxval?: number;
}

/**
 * Values spread evenly over `[minval, maxval)`, bit for bit JAX's.
 * @param key - A key; keys of shape `[n]` give `n` independent rows.
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @see `jax.random.uniform`
 */
export const uniform = (key: PRNGKey, shape: readonly number[] = [], options: UniformOptions = {}): Tensor =>
  float32(rawUniform(key, shape, options), shapeFor(key, shape));

/** How {@link bernoulli} compares. */
export interface BernoulliOptions {
  /** `"high"` spends two draws a value, for probabilities below 2⁻²³. @defaultValue "low" */
  mode?: "low" | "high";
}

/**
 * True with probability `p`, bit for bit JAX's.
 * @param p - Values outside `[0, 1]` act as the nearer end, as in JAX.
 * @returns bool of shape `[...key.shape, ...shape]`.
 * @see `jax.random.bernoulli`
 */
export const bernoulli = (
  key: PRNGKey,
  p = 0.5,
  shape: readonly number[] = [],
  options: BernoulliOptions = {},
): Tensor => bool(rawBernoulli(key, p, shape, options), shapeFor(key, shape));
