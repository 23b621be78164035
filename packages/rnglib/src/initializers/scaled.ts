/** @file Initializers that draw samples and multiply them by a constant. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import type { PRNGKey } from "../keys/index.ts";
import {
  normal as rawNormal,
  truncatedNormal as rawTruncatedNormal,
  uniform as rawUniform,
} from "../keys/index.ts";
import { drawFloat32, sampleShape } from "../random/kernel.ts";
import { checkFloat32, checkNumber, type RankedInitializer } from "./initializer.ts";

const TRUNCATED_NAMES = { lower: true, upper: true } as const;

/** Draws a row with `fill` and multiplies it by `factor`, both in float32. */
export function scaled<T extends Tensor>(
  where: string,
  key: PRNGKey,
  shape: readonly number[],
  factor: number,
  fill: (key: PRNGKey, out: Float32Array) => void,
): T {
  const place = `initializers.${where}`;
  const scale = Math.fround(factor);
  return drawFloat32(place, key, sampleShape(place, shape), (single, out) => {
    fill(single, out);
    for (let i = 0; i < out.length; i++) out[i] = out[i]! * scale;
  });
}

/**
 * Uniform over `[0, scale)`.
 * @param scale -
 * @defaultValue 0.01
 * @see `jax.nn.initializers.uniform`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.initializers.uniform(0.1)(nnx.random.key(0), [2, 3]).shape; // => [2, 3]
 * ```
 */
export const uniform: (scale?: number) => RankedInitializer = registerFactory(
  "initializers.uniform",
  (scale = 0.01): RankedInitializer => {
    checkNumber("uniform", "the scale", scale);
    return (key, shape, dtype) => {
      checkFloat32("uniform", dtype);
      return scaled("uniform", key, shape, scale, (single, out) => rawUniform(single, out.length, { out }));
    };
  },
);

/**
 * Normal with mean 0.
 * @param stddev - Standard deviation.
 * @defaultValue 0.01
 * @see `jax.nn.initializers.normal`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.initializers.normal(0.02)(nnx.random.key(0), [2, 3]).shape; // => [2, 3]
 * ```
 */
export const normal: (stddev?: number) => RankedInitializer = registerFactory(
  "initializers.normal",
  (stddev = 0.01): RankedInitializer => {
    checkNumber("normal", "the standard deviation", stddev);
    return (key, shape, dtype) => {
      checkFloat32("normal", dtype);
      return scaled("normal", key, shape, stddev, (single, out) => rawNormal(single, out.length, { out }));
    };
  },
);

/** The bounds of {@link truncatedNormal}, in standard deviations. */
export interface TruncatedNormalOptions {
  /** @defaultValue -2 */
  lower?: number;
  /** @defaultValue 2 */
  upper?: number;
}

function checkBounds(lower: number, upper: number): void {
  if (lower < upper) return;
  throw new RangeError(
    `initializers.truncatedNormal: expected lower below upper, got ${String(lower)} and ${String(upper)}. Exchange them.`,
  );
}

/**
 * Normal with mean 0, truncated on both sides.
 * @param stddev - Standard deviation before truncation. @defaultValue 0.01
 * @throws RangeError unless `lower` is below `upper`, TypeError when `stddev` is not a finite
 * number.
 * @see `jax.nn.initializers.truncated_normal`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.initializers.truncatedNormal(0.02)(nnx.random.key(0), [2, 3]).shape; // => [2, 3]
 * ```
 */
export const truncatedNormal: (stddev?: number, options?: TruncatedNormalOptions) => RankedInitializer =
  registerFactory(
    "initializers.truncatedNormal",
    (stddev = 0.01, options: TruncatedNormalOptions = {}): RankedInitializer => {
      checkNumber("truncatedNormal", "the standard deviation", stddev);
      checkOptions("initializers.truncatedNormal", options, TRUNCATED_NAMES);
      const { lower = -2, upper = 2 } = options;
      checkBounds(lower, upper);
      return (key, shape, dtype) => {
        checkFloat32("truncatedNormal", dtype);
        return scaled("truncatedNormal", key, shape, stddev, (single, out) =>
          rawTruncatedNormal(single, lower, upper, out.length, { out }),
        );
      };
    },
  );
