/** @file Normal values, and distributions that are one formula of them. */
import {
  normal as rawNormal,
  type PRNGKey,
  truncatedNormal as rawTruncatedNormal,
  uniform as rawUniform,
} from "../keys/index.ts";
import { erf } from "../keys/erf.ts";
import type { Shape } from "../keys/shape.ts";
import { erfInv, exp, flush, nextFloat32 } from "./float32.ts";
import { drawFloat32, expand, isRepeated, type Parameter, sampleShape, valuesOf } from "./kernel.ts";
import type { Drawn1, Drawn2, DrawnShape, MaybeShape } from "./ranks.ts";
import { uniformBetween } from "./uniform.ts";

const f = Math.fround;
const SQRT2 = f(Math.SQRT2);
/** XLA multiplies by the reciprocal of a constant. */
const PER_SQRT2 = f(1 / SQRT2);

/**
 * Standard normal values, within 4 ulp of JAX's on the CPU.
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @see `jax.random.normal`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.normal(nnx.random.key(0), [2, 3]).shape; // => [2, 3]
 * ```
 */
export function normal<K extends PRNGKey, const S extends Shape = readonly []>(
  key: K,
  shape?: S,
): DrawnShape<K, S> {
  return drawFloat32("normal", key, sampleShape("normal", shape), (single, out) =>
    rawNormal(single, out.length, { out }),
  );
}

/**
 * Standard normal values, given that `lower < x < upper`.
 * @param lower - Broadcasts to the shape.
 * @param upper - Broadcasts to the shape.
 * @param shape - @defaultValue the shape to which the bounds broadcast
 * @returns float32 of shape `[...key.shape, ...shape]`, within 4 ulp of JAX's.
 * @throws RangeError when the bounds do not broadcast to `shape`.
 * @see `jax.random.truncated_normal`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.truncatedNormal(nnx.random.key(0), -2, 2, [3]).shape; // => [3]
 * ```
 */
export function truncatedNormal<
  K extends PRNGKey,
  A extends Parameter,
  B extends Parameter,
  const S extends MaybeShape = undefined,
>(key: K, lower: A, upper: B, shape?: S): Drawn2<K, S, A, B> {
  const low = valuesOf("truncatedNormal", lower);
  const high = valuesOf("truncatedNormal", upper);
  const dimensions = sampleShape("truncatedNormal", shape, low, high);
  if (typeof lower === "number" && typeof upper === "number") {
    return drawFloat32("truncatedNormal", key, dimensions, (single, out) =>
      rawTruncatedNormal(single, lower, upper, out.length, { out }),
    );
  }
  const from = expand(low, dimensions);
  const to = expand(high, dimensions);
  const a = from.map((x) => erf(f(x * PER_SQRT2)));
  const b = to.map((x) => erf(f(x * PER_SQRT2)));
  const least = from.map((x) => flush(nextFloat32(x, 1)));
  const most = to.map((x) => flush(nextFloat32(x, -1)));
  return drawFloat32("truncatedNormal", key, dimensions, (single, out) => {
    uniformBetween(single, a, b, out);
    for (let i = 0; i < out.length; i++) {
      const x = f(SQRT2 * erfInv(out[i]!));
      out[i] = Math.min(most[i]!, Math.max(least[i]!, x));
    }
  });
}

/**
 * Fills `out` with standard normals, equal to JAX's bit for bit. Use it for values computed from
 * normals, where an ulp may be magnified or decide a comparison. {@link normal} is faster.
 */
export function normalInto(key: PRNGKey, out: Float32Array): void {
  erfInvInto(key, out);
  for (let i = 0; i < out.length; i++) out[i]! *= SQRT2;
}

/** Fills `out` with standard normals divided by √2. */
export function erfInvInto(key: PRNGKey, out: Float32Array): void {
  rawUniform(key, out.length, { minval: nextFloat32(-1, 1), maxval: 1, out });
  for (let i = 0; i < out.length; i++) out[i] = erfInv(out[i]!);
}

/**
 * `e^(sigma·x)` of standard normal `x`.
 * @param sigma - Broadcasts to the shape. @defaultValue 1
 * @param shape - @defaultValue the shape of `sigma`
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @see `jax.random.lognormal`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.lognormal(nnx.random.key(0), 1, [4]).shape; // => [4]
 * ```
 */
export function lognormal<
  K extends PRNGKey,
  P extends Parameter = number,
  const S extends MaybeShape = undefined,
>(key: K, sigma?: P, shape?: S): Drawn1<K, S, P> {
  const scale = valuesOf("lognormal", sigma ?? 1);
  const dimensions = sampleShape("lognormal", shape, scale);
  const repeated = isRepeated(scale, key, dimensions);
  const scales = expand(scale, dimensions).map((x) => (repeated ? x * SQRT2 : x));
  const fill = repeated ? erfInvInto : normalInto;
  return drawFloat32("lognormal", key, dimensions, (single, out) => {
    fill(single, out);
    for (let i = 0; i < out.length; i++) out[i] = exp(f(out[i]! * scales[i]!));
  });
}

/** Fills `out` with the lengths of standard normal vectors in three dimensions. */
export function maxwellInto(key: PRNGKey, out: Float32Array): void {
  const x = new Float32Array(3 * out.length);
  normalInto(key, x);
  for (let i = 0; i < out.length; i++) {
    const a = x[3 * i]!;
    const b = x[3 * i + 1]!;
    const c = x[3 * i + 2]!;
    out[i] = Math.sqrt(f(c * c + f(b * b + f(a * a))));
  }
}

/**
 * Speeds of particles in a gas: the length of a standard normal vector in three dimensions.
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @see `jax.random.maxwell`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.maxwell(nnx.random.key(0), [3]).shape; // => [3]
 * ```
 */
export function maxwell<K extends PRNGKey, const S extends Shape = readonly []>(
  key: K,
  shape?: S,
): DrawnShape<K, S> {
  return drawFloat32("maxwell", key, sampleShape("maxwell", shape), maxwellInto);
}
