/** @file Generalised normal values, and points inside balls, which are made from them. */
import { describe } from "@nnxjs/nnx-core/internal";
import { type AxesOf, type PRNGKey, split } from "../keys/index.ts";
import { dimensionsOf, type Shape } from "../keys/shape.ts";
import { flush } from "./float32.ts";
import { gammaInto } from "./gamma.ts";
import { rademacherInto } from "./integers.ts";
import { drawFloat32, expand, type Parameter, sampleShape, valuesOf } from "./kernel.ts";
import { exponentialInto } from "./log-uniform.ts";
import type { Drawn, Drawn1, MaybeShape } from "./ranks.ts";

const f = Math.fround;

function generalizedNormalInto(key: PRNGKey, inverses: Float32Array, out: Float32Array): void {
  const halves = split(key);
  const signs = new Float32Array(out.length);
  gammaInto(halves.at(0), inverses, false, out);
  rademacherInto(halves.at(1), signs);
  for (let i = 0; i < out.length; i++) out[i] = flush(signs[i]! * f(out[i]! ** inverses[i]!));
}

/**
 * Density proportional to `e^-|x|^p`.
 * @param p - 2 gives a normal of variance 1/2, 1 gives Laplace's distribution, and large values are
 * nearly uniform. Broadcasts to the shape.
 * @param shape - @defaultValue the shape of `p`
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @throws RangeError when `p` does not broadcast to `shape`.
 * @see `jax.random.generalized_normal`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.generalizedNormal(nnx.random.key(0), 1.5, [3]).shape; // => [3]
 * ```
 */
export function generalizedNormal<
  K extends PRNGKey,
  P extends Parameter,
  const S extends MaybeShape = undefined,
>(key: K, p: P, shape?: S): Drawn1<K, S, P> {
  const power = valuesOf("generalizedNormal", p);
  const dimensions = sampleShape("generalizedNormal", shape, power);
  const inverses = expand(power, dimensions).map((x) => flush(f(1 / x)));
  return drawFloat32("generalizedNormal", key, dimensions, (single, out) =>
    generalizedNormalInto(single, inverses, out),
  );
}

/**
 * Uniform points inside the ball `|x|_p <= 1` of `d` dimensions.
 * @param d - Dimensions, a non-negative integer.
 * @param p - Which norm, one number. @defaultValue 2
 * @param shape - How many points. @defaultValue `[]`, one
 * @returns float32 of shape `[...key.shape, ...shape, d]`.
 * @throws TypeError when `p` is not one number, RangeError when `d` is not a non-negative integer.
 * @see `jax.random.ball`; Barthe et al. 2005, arXiv:math/0503650
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.ball(nnx.random.key(0), 2).shape; // => [2]
 * ```
 */
export function ball<K extends PRNGKey, const S extends Shape = readonly []>(
  key: K,
  d: number,
  p: Parameter = 2,
  shape?: S,
): Drawn<K, readonly [...AxesOf<S>, number]> {
  const [size = 0] = dimensionsOf("ball", [d]);
  const power = oneNumber(p);
  const inverse = flush(f(1 / power));
  const dimensions = [...sampleShape("ball", shape), size];
  return drawFloat32("ball", key, dimensions, (single, out) => {
    if (size === 0) return;
    const halves = split(single);
    const slack = new Float32Array(out.length / size);
    generalizedNormalInto(halves.at(0), new Float32Array(out.length).fill(inverse), out);
    exponentialInto(halves.at(1), slack);
    slack.forEach((e, point) => {
      const coordinates = out.subarray(point * size, (point + 1) * size);
      let sum = 0;
      for (const x of coordinates) sum = f(sum + f(Math.abs(x) ** power));
      const norm = f(f(sum + e) ** inverse);
      for (let i = 0; i < size; i++) coordinates[i] = flush(f(coordinates[i]! / norm));
    });
  });
}

function oneNumber(p: Parameter): number {
  const { data } = valuesOf("ball", p);
  const [power] = data;
  if (power !== undefined && data.length === 1) return power;
  throw new TypeError(
    `ball: expected one number p, got ${describe(p)}. Draw from each ball with its own key.`,
  );
}
