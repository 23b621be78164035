/** @file Generalised normal values, and points inside balls, which are made of them. */
import { type PRNGKey, split } from "../keys/index.ts";
import { dimensionsOf, type Shape } from "../keys/shape.ts";
import type { Tensor } from "../tensor.ts";
import { gammaInto } from "./gamma.ts";
import { rademacherInto } from "./integers.ts";
import { drawFloat32, sampleShape } from "./kernel.ts";
import { exponentialInto } from "./log-uniform.ts";

const f = Math.fround;

function generalizedNormalInto(key: PRNGKey, power: number, out: Float32Array): void {
  const halves = split(key);
  const inverse = f(1 / f(power));
  const signs = new Float32Array(out.length);
  gammaInto(halves.at(0), new Float32Array(out.length).fill(inverse), false, out);
  rademacherInto(halves.at(1), signs);
  for (let i = 0; i < out.length; i++) out[i] = signs[i]! * f(out[i]! ** inverse);
}

/**
 * Density proportional to `e^-|x|^p`.
 * @param p - 2 is a normal of variance 1/2, 1 is Laplace's, large values are near uniform.
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @see `jax.random.generalized_normal`
 */
export function generalizedNormal(key: PRNGKey, p: number, shape: Shape = []): Tensor {
  return drawFloat32("generalizedNormal", key, sampleShape("generalizedNormal", shape), (single, out) =>
    generalizedNormalInto(single, p, out),
  );
}

/**
 * Points spread evenly inside the ball `|x|_p <= 1` of `d` dimensions.
 * @param d - Dimensions, a non-negative integer.
 * @param p - Which norm. @defaultValue 2
 * @param shape - How many points. @defaultValue `[]`, one
 * @returns float32 of shape `[...key.shape, ...shape, d]`.
 * @see `jax.random.ball`; Barthe et al. 2005, arXiv:math/0503650
 */
export function ball(key: PRNGKey, d: number, p = 2, shape: Shape = []): Tensor {
  const [size = 0] = dimensionsOf("ball", [d]);
  const power = f(p);
  const inverse = f(1 / power);
  return drawFloat32("ball", key, [...sampleShape("ball", shape), size], (single, out) => {
    if (size === 0) return;
    const halves = split(single);
    const slack = new Float32Array(out.length / size);
    generalizedNormalInto(halves.at(0), p, out);
    exponentialInto(halves.at(1), slack);
    slack.forEach((e, point) => {
      const coordinates = out.subarray(point * size, (point + 1) * size);
      let sum = 0;
      for (const x of coordinates) sum = f(sum + f(Math.abs(x) ** power));
      const norm = f(f(sum + e) ** inverse);
      for (let i = 0; i < size; i++) coordinates[i]! /= norm;
    });
  });
}
