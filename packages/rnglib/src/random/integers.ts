/** @file Random integers and signs as tensors. */
import {
  bernoulli as rawBernoulli,
  bits,
  type PRNGKey,
  randint as rawRandint,
  split,
} from "../keys/index.ts";
import type { Shape } from "../keys/shape.ts";
import { drawInt32, expand, integersOf, type Parameter, sampleShape } from "./kernel.ts";
import type { DrawnShape } from "./ranks.ts";

/**
 * Integers in `[minval, maxval)`, equal to JAX's bit for bit; `minval` where `maxval <= minval`.
 * @param minval - An int32; broadcasts to the shape.
 * @param maxval - Exclusive, an int32; broadcasts to the shape.
 * @returns int32 of shape `[...key.shape, ...shape]`.
 * @throws RangeError for bounds that are not int32 or do not broadcast to `shape`.
 * @see `jax.random.randint`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.randint(nnx.random.key(0), [3], 0, 10).dtype; // => "int32"
 * ```
 */
export function randint<K extends PRNGKey, const S extends Shape>(
  key: K,
  shape: S,
  minval: Parameter,
  maxval: Parameter,
): DrawnShape<K, S> {
  const low = integersOf("randint", minval);
  const high = integersOf("randint", maxval);
  const dimensions = sampleShape("randint", shape, low, high);
  if (typeof minval === "number" && typeof maxval === "number") {
    return drawInt32("randint", key, dimensions, (single, out) =>
      rawRandint(single, out.length, minval, maxval, { out }),
    );
  }
  const from = expand(low, dimensions);
  const to = expand(high, dimensions);
  return drawInt32("randint", key, dimensions, (single, out) => {
    const halves = split(single);
    const highBits = bits(halves.at(0), out.length);
    const lowBits = bits(halves.at(1), out.length);
    for (let i = 0; i < out.length; i++) {
      const span = to[i]! > from[i]! ? to[i]! - from[i]! : 1;
      const half = 2 ** 16 % span;
      const multiplier = (Math.imul(half, half) >>> 0) % span;
      const offset = (Math.imul(highBits[i]! % span, multiplier) + (lowBits[i]! % span)) >>> 0;
      out[i] = from[i]! + (offset % span);
    }
  });
}

/** Fills `out` with -1 and 1, each half of the time. */
export function rademacherInto(key: PRNGKey, out: Float32Array | Int32Array): void {
  const heads = rawBernoulli(key, 0.5, out.length);
  for (let i = 0; i < out.length; i++) out[i] = 2 * heads[i]! - 1;
}

/**
 * -1 or 1, each half of the time.
 * @returns int32 of shape `[...key.shape, ...shape]`.
 * @see `jax.random.rademacher`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.rademacher(nnx.random.key(0), [3]).shape; // => [3]
 * ```
 */
export function rademacher<K extends PRNGKey, const S extends Shape = readonly []>(
  key: K,
  shape?: S,
): DrawnShape<K, S> {
  return drawInt32("rademacher", key, sampleShape("rademacher", shape), rademacherInto);
}
