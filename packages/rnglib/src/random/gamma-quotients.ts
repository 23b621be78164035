/**
 * @file Distributions that are made from gamma values: beta, Dirichlet, chi-square, F, Student's t.
 */
import { describe } from "@nnxjs/nnx-core/internal";
import { type PRNGKey, split } from "../keys/index.ts";
import { exp, flush } from "./float32.ts";
import { gammaInto } from "./gamma.ts";
import { drawFloat32, expand, type Parameter, sampleShape, valuesOf } from "./kernel.ts";
import { normalInto } from "./normal.ts";
import type { AxesOfParameter, Drawn, Drawn1, Drawn2, MaybeShape, ShapeOr, WithoutOne } from "./ranks.ts";

const f = Math.fround;

/**
 * Density proportional to `x^(a-1) (1-x)^(b-1)` on (0, 1).
 * @param a - Broadcasts to the shape.
 * @param b - Broadcasts to the shape.
 * @param shape - @defaultValue the shape to which the parameters broadcast
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @see `jax.random.beta`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.beta(nnx.random.key(0), 2, 3, [3]).shape; // => [3]
 * ```
 */
export function beta<
  K extends PRNGKey,
  A extends Parameter,
  B extends Parameter,
  const S extends MaybeShape = undefined,
>(key: K, a: A, b: B, shape?: S): Drawn2<K, S, A, B> {
  const [first, second] = [valuesOf("beta", a), valuesOf("beta", b)];
  const dimensions = sampleShape("beta", shape, first, second);
  const [as, bs] = [expand(first, dimensions), expand(second, dimensions)];
  return drawFloat32("beta", key, dimensions, (single, out) => {
    const halves = split(single);
    const other = new Float32Array(out.length);
    gammaInto(halves.at(0), as, true, out);
    gammaInto(halves.at(1), bs, true, other);
    for (let i = 0; i < out.length; i++) {
      const most = Math.max(out[i]!, other[i]!);
      const x = exp(f(out[i]! - most));
      out[i] = x / f(x + exp(f(other[i]! - most)));
    }
  });
}

/**
 * Points of the simplex. The density is proportional to the product of `x_i^(alpha_i - 1)`.
 * @param alpha - At least 1 axis, the last one over the corners.
 * @param shape - How many points. The leading axes of `alpha` must broadcast to it. @defaultValue
 * the leading axes of `alpha`
 * @returns float32 of shape `[...key.shape, ...shape, k]` for `k` corners.
 * @throws RangeError when `alpha` has no axis.
 * @see `jax.random.dirichlet`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.random.dirichlet(nnx.random.key(0), tf.ones([3])).shape; // => [3]
 * ```
 */
export function dirichlet<K extends PRNGKey, P extends Parameter, const S extends MaybeShape = undefined>(
  key: K,
  alpha: P,
  shape?: S,
): Drawn<K, readonly [...ShapeOr<S, WithoutOne<AxesOfParameter<P>>>, number]> {
  const parameter = valuesOf("dirichlet", alpha);
  const corners = parameter.shape.at(-1);
  if (corners === undefined) {
    throw new RangeError(
      `dirichlet: expected alpha with at least 1 axis, got ${describe(alpha)}. Give one concentration for each corner.`,
    );
  }
  const dimensions = [...sampleShape("dirichlet", shape, { shape: parameter.shape.slice(0, -1) }), corners];
  const alphas = expand(parameter, dimensions);
  return drawFloat32("dirichlet", key, dimensions, (single, out) => {
    gammaInto(single, alphas, true, out);
    for (let begin = 0; begin < out.length; begin += corners) softmax(out.subarray(begin, begin + corners));
  });
}

function softmax(x: Float32Array): void {
  const most = x.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    x[i] = exp(f(x[i]! - most));
    sum = f(sum + x[i]!);
  }
  for (let i = 0; i < x.length; i++) x[i]! /= sum;
}

function chisquareInto(key: PRNGKey, degrees: Float32Array, out: Float32Array): void {
  gammaInto(
    key,
    degrees.map((df) => flush(df / 2)),
    true,
    out,
  );
  for (let i = 0; i < out.length; i++) out[i] = 2 * exp(out[i]!);
}

/**
 * The sum of `df` squared standard normals.
 * @param df - Degrees of freedom; broadcasts to the shape.
 * @param shape - @defaultValue the shape of `df`
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @see `jax.random.chisquare`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.chisquare(nnx.random.key(0), 3, [4]).shape; // => [4]
 * ```
 */
export function chisquare<K extends PRNGKey, P extends Parameter, const S extends MaybeShape = undefined>(
  key: K,
  df: P,
  shape?: S,
): Drawn1<K, S, P> {
  const parameter = valuesOf("chisquare", df);
  const dimensions = sampleShape("chisquare", shape, parameter);
  const degrees = expand(parameter, dimensions);
  return drawFloat32("chisquare", key, dimensions, (single, out) => chisquareInto(single, degrees, out));
}

/**
 * The F distribution: the quotient of two chi-square values, each divided by its degrees of
 * freedom.
 * @param dfnum - Degrees of freedom of the numerator; broadcasts to the shape.
 * @param dfden - Degrees of freedom of the denominator; broadcasts to the shape.
 * @param shape - @defaultValue the shape to which the parameters broadcast
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @see `jax.random.f`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.f(nnx.random.key(0), 3, 5, [4]).shape; // => [4]
 * ```
 */
export function fisher<
  K extends PRNGKey,
  A extends Parameter,
  B extends Parameter,
  const S extends MaybeShape = undefined,
>(key: K, dfnum: A, dfden: B, shape?: S): Drawn2<K, S, A, B> {
  const [top, bottom] = [valuesOf("f", dfnum), valuesOf("f", dfden)];
  const dimensions = sampleShape("f", shape, top, bottom);
  const [tops, bottoms] = [expand(top, dimensions), expand(bottom, dimensions)];
  return drawFloat32("f", key, dimensions, (single, out) => {
    const halves = split(single);
    const below = new Float32Array(out.length);
    chisquareInto(halves.at(0), bottoms, below);
    chisquareInto(halves.at(1), tops, out);
    for (let i = 0; i < out.length; i++)
      out[i] = flush(f(flush(f(out[i]! * bottoms[i]!)) / flush(f(tops[i]! * below[i]!))));
  });
}

/**
 * Student's t: a standard normal over the root of a chi-square value divided by its degrees of
 * freedom.
 * @param df - Degrees of freedom; broadcasts to the shape.
 * @param shape - @defaultValue the shape of `df`
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @see `jax.random.t`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.t(nnx.random.key(0), 3, [4]).shape; // => [4]
 * ```
 */
export function t<K extends PRNGKey, P extends Parameter, const S extends MaybeShape = undefined>(
  key: K,
  df: P,
  shape?: S,
): Drawn1<K, S, P> {
  const parameter = valuesOf("t", df);
  const dimensions = sampleShape("t", shape, parameter);
  const halves = expand(parameter, dimensions).map((x) => flush(x / 2));
  return drawFloat32("t", key, dimensions, (single, out) => {
    const keys = split(single);
    const g = new Float32Array(out.length);
    normalInto(keys.at(0), out);
    gammaInto(keys.at(1), halves, false, g);
    for (let i = 0; i < out.length; i++) out[i] = out[i]! * f(Math.sqrt(f(halves[i]! / g[i]!)));
  });
}
