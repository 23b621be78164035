/** @file Samples times a fixed number. */
import { registerFactory } from "@nnxjs/nnx-core";
import type { PRNGKey } from "../keys/index.ts";
import {
  normal as rawNormal,
  truncatedNormal as rawTruncatedNormal,
  uniform as rawUniform,
} from "../keys/index.ts";
import { drawFloat32, sampleShape } from "../random/kernel.ts";
import type { Tensor } from "../tensor.ts";
import { checkFloat32, type Initializer } from "./initializer.ts";

/** Draws a row with `fill` and multiplies it by `factor`, both in float32. */
export function scaled(
  where: string,
  key: PRNGKey,
  shape: readonly number[],
  factor: number,
  fill: (key: PRNGKey, out: Float32Array) => void,
): Tensor {
  const place = `initializers.${where}`;
  const scale = Math.fround(factor);
  return drawFloat32(place, key, sampleShape(place, shape), (single, out) => {
    fill(single, out);
    for (let i = 0; i < out.length; i++) out[i] = out[i]! * scale;
  });
}

/** Uniform over `[0, scale)`. @param scale - @defaultValue 0.01 @see `jax.nn.initializers.uniform` */
export const uniform: (scale?: number) => Initializer = registerFactory(
  "initializers.uniform",
  (scale = 0.01): Initializer =>
    (key, shape, dtype) => {
      checkFloat32("uniform", dtype);
      return scaled("uniform", key, shape, scale, (single, out) => rawUniform(single, out.length, { out }));
    },
);

/** Normal with mean 0. @param stddev - Standard deviation. @defaultValue 0.01 @see `jax.nn.initializers.normal` */
export const normal: (stddev?: number) => Initializer = registerFactory(
  "initializers.normal",
  (stddev = 0.01): Initializer =>
    (key, shape, dtype) => {
      checkFloat32("normal", dtype);
      return scaled("normal", key, shape, stddev, (single, out) => rawNormal(single, out.length, { out }));
    },
);

/** Where {@link truncatedNormal} cuts, in standard deviations. */
export interface TruncatedNormalOptions {
  /** @defaultValue -2 */
  lower?: number;
  /** @defaultValue 2 */
  upper?: number;
}

/**
 * Normal with mean 0, cut off on both sides.
 * @param stddev - Standard deviation before the cut. @defaultValue 0.01
 * @see `jax.nn.initializers.truncated_normal`
 */
export const truncatedNormal: (stddev?: number, options?: TruncatedNormalOptions) => Initializer =
  registerFactory(
    "initializers.truncatedNormal",
    (stddev = 0.01, { lower = -2, upper = 2 }: TruncatedNormalOptions = {}): Initializer =>
      (key, shape, dtype) => {
        checkFloat32("truncatedNormal", dtype);
        return scaled("truncatedNormal", key, shape, stddev, (single, out) =>
          rawTruncatedNormal(single, lower, upper, out.length, { out }),
        );
      },
  );
