/** @file Normal draws as tensors. */
import { normal as rawNormal, truncatedNormal as rawTruncatedNormal, type PRNGKey } from "../keys/index.ts";
import { float32, type Tensor } from "../tensor.ts";
import { shapeFor } from "./shape.ts";

/**
 * Standard normal values, within 4 ulp of JAX's on the CPU.
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @see `jax.random.normal`
 */
export const normal = (key: PRNGKey, shape: readonly number[] = []): Tensor =>
  float32(rawNormal(key, shape), shapeFor(key, shape));

/**
 * Standard normal values under the condition `lower < x < upper`.
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @see `jax.random.truncated_normal`
 */
export const truncatedNormal = (
  key: PRNGKey,
  lower: number,
  upper: number,
  shape: readonly number[] = [],
): Tensor => float32(rawTruncatedNormal(key, lower, upper, shape), shapeFor(key, shape));
