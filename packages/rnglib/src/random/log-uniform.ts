/** @file Distributions without parameters that are the logarithm (or tangent) of a uniform. */
import { type PRNGKey, uniform as rawUniform } from "../keys/index.ts";
import type { Shape } from "../keys/shape.ts";
import { EPSILON, log, log1p, TINY } from "./float32.ts";
import { drawFloat32, sampleShape } from "./kernel.ts";
import type { DrawnShape } from "./ranks.ts";

const f = Math.fround;
const PI = f(Math.PI);

/** Fills `out` with exponential values. */
export function exponentialInto(key: PRNGKey, out: Float32Array): void {
  rawUniform(key, out.length, { out });
  for (let i = 0; i < out.length; i++) out[i] = -log1p(-out[i]!);
}

/**
 * Waiting times at rate 1: density `e^-x` for `x >= 0`.
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @see `jax.random.exponential`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.exponential(nnx.random.key(0), [3]).shape; // => [3]
 * ```
 */
export function exponential<K extends PRNGKey, const S extends Shape = readonly []>(
  key: K,
  shape?: S,
): DrawnShape<K, S> {
  return drawFloat32("exponential", key, sampleShape("exponential", shape), exponentialInto);
}

/**
 * Density `e^-|x| / 2`.
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @see `jax.random.laplace`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.laplace(nnx.random.key(0), [3]).shape; // => [3]
 * ```
 */
export function laplace<K extends PRNGKey, const S extends Shape = readonly []>(
  key: K,
  shape?: S,
): DrawnShape<K, S> {
  return drawFloat32("laplace", key, sampleShape("laplace", shape), (single, out) => {
    rawUniform(single, out.length, { minval: -1 + 2 ** -24, maxval: 1, out });
    for (let i = 0; i < out.length; i++) out[i] = Math.sign(out[i]!) * log1p(-Math.abs(out[i]!));
  });
}

/**
 * Density `e^-x / (1 + e^-x)²`.
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @see `jax.random.logistic`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.logistic(nnx.random.key(0), [3]).shape; // => [3]
 * ```
 */
export function logistic<K extends PRNGKey, const S extends Shape = readonly []>(
  key: K,
  shape?: S,
): DrawnShape<K, S> {
  return drawFloat32("logistic", key, sampleShape("logistic", shape), (single, out) => {
    rawUniform(single, out.length, { minval: TINY, maxval: 1, out });
    for (let i = 0; i < out.length; i++) out[i] = log(out[i]!) - log1p(-out[i]!);
  });
}

/**
 * Density `1 / (π (1 + x²))`.
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @see `jax.random.cauchy`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.cauchy(nnx.random.key(0), [3]).shape; // => [3]
 * ```
 */
export function cauchy<K extends PRNGKey, const S extends Shape = readonly []>(
  key: K,
  shape?: S,
): DrawnShape<K, S> {
  return drawFloat32("cauchy", key, sampleShape("cauchy", shape), (single, out) => {
    rawUniform(single, out.length, { minval: EPSILON, maxval: 1, out });
    for (let i = 0; i < out.length; i++) out[i] = Math.tan(f(PI * f(out[i]! - 0.5)));
  });
}
