/**
 * @file Initializers that preserve the variance of activations, or of gradients, from layer to
 * layer.
 */
import { registerFactory } from "@nnxjs/nnx-core";
import {
  normal as rawNormal,
  truncatedNormal as rawTruncatedNormal,
  uniform as rawUniform,
} from "../keys/index.ts";
import { checkFans, type FanOptions, fansOf } from "./fans.ts";
import { checkFloat32, checkNumber, type RankedInitializer } from "./initializer.ts";
import { scaled } from "./scaled.ts";

const f = Math.fround;
/** The standard deviation of a standard normal that is truncated at ±2. */
const TRUNCATED_STDDEV = f(0.8796256610342398);

/** The divisor of the variance: inputs, outputs, their mean, or their geometric mean. */
export type FanMode = "fanIn" | "fanOut" | "fanAvg" | "fanGeoAvg";

/** The distribution of the values around 0. */
export type ScaledDistribution = "truncatedNormal" | "normal" | "uniform";

/**
 * Values of variance `scale / n`, where `n` counts the inputs or outputs of a weight.
 * @param mode - Which `n`. JAX's names `"fan_in"`, … in camelCase.
 * @param distribution - `"truncatedNormal"` is truncated at two standard deviations.
 * @throws TypeError for a scale that is not a finite number, RangeError for a negative one. The
 * initializer throws TypeError for an unknown mode or distribution, and RangeError for shapes with
 * fewer than 2 axes.
 * @see `jax.nn.initializers.variance_scaling`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const kernelInit = nnx.initializers.varianceScaling(2, "fanIn", "truncatedNormal");
 * new nnx.Linear(4, 3, { kernelInit, rngs: new nnx.Rngs(0) }).kernel.value.shape; // => [4, 3]
 * ```
 */
export const varianceScaling: (
  scale: number,
  mode: FanMode,
  distribution: ScaledDistribution,
  options?: FanOptions,
) => RankedInitializer = registerFactory(
  "initializers.varianceScaling",
  (scale: number, mode: FanMode, distribution: ScaledDistribution, options: FanOptions = {}) =>
    scaling("varianceScaling", scale, mode, distribution, options),
);

function scaling(
  where: string,
  scale: number,
  mode: FanMode,
  distribution: ScaledDistribution,
  options: FanOptions,
): RankedInitializer {
  checkNumber(where, "the scale", scale);
  if (scale < 0) {
    throw new RangeError(
      `initializers.${where}: expected a scale of at least 0, got ${scale}. It scales a variance.`,
    );
  }
  checkFans(where, options);
  return (key, shape, dtype) => {
    checkFloat32(where, dtype);
    const variance = f(scale / denominator(where, mode, shape, options));
    switch (distribution) {
      case "truncatedNormal":
        return scaled(where, key, shape, f(f(Math.sqrt(variance)) / TRUNCATED_STDDEV), (single, out) =>
          rawTruncatedNormal(single, -2, 2, out.length, { out }),
        );
      case "normal":
        return scaled(where, key, shape, Math.sqrt(variance), (single, out) =>
          rawNormal(single, out.length, { out }),
        );
      case "uniform":
        return scaled(where, key, shape, Math.sqrt(f(3 * variance)), (single, out) =>
          rawUniform(single, out.length, { minval: -1, maxval: 1, out }),
        );
      default:
        throw new TypeError(
          `initializers.${where}: expected distribution "truncatedNormal", "normal" or "uniform", ` +
            `got ${JSON.stringify(distribution satisfies never)}. Choose one of these.`,
        );
    }
  };
}

function denominator(where: string, mode: FanMode, shape: readonly number[], options: FanOptions): number {
  const { fanIn, fanOut } = fansOf(where, shape, options);
  switch (mode) {
    case "fanIn":
      return fanIn;
    case "fanOut":
      return fanOut;
    case "fanAvg":
      return (fanIn + fanOut) / 2;
    case "fanGeoAvg":
      return Math.sqrt(fanIn * fanOut);
    default:
      throw new TypeError(
        `initializers.${where}: expected mode "fanIn", "fanOut", "fanAvg" or "fanGeoAvg", ` +
          `got ${JSON.stringify(mode satisfies never)}. Choose one of these.`,
      );
  }
}

/**
 * Truncated normal of variance 1 / inputs.
 * @see LeCun et al. 1998, `jax.nn.initializers.lecun_normal`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.initializers.lecunNormal()(nnx.random.key(0), [2, 3]).shape; // => [2, 3]
 * ```
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.initializers.lecunUniform()(nnx.random.key(0), [2, 3]).shape; // => [2, 3]
 * ```
 */
export const lecunNormal: (options?: FanOptions) => RankedInitializer = registerFactory(
  "initializers.lecunNormal",
  (options: FanOptions = {}) => scaling("lecunNormal", 1, "fanIn", "truncatedNormal", options),
);

/**
 * Uniform of variance 1 / inputs. @see LeCun et al. 1998, `jax.nn.initializers.lecun_uniform`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.initializers.lecunUniform()(nnx.random.key(0), [2, 3]).shape; // => [2, 3]
 * ```
 */
export const lecunUniform: (options?: FanOptions) => RankedInitializer = registerFactory(
  "initializers.lecunUniform",
  (options: FanOptions = {}) => scaling("lecunUniform", 1, "fanIn", "uniform", options),
);

/**
 * Truncated normal of variance 2 / (inputs + outputs).
 * @see Glorot & Bengio 2010, `jax.nn.initializers.glorot_normal`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.initializers.glorotNormal()(nnx.random.key(0), [2, 3]).shape; // => [2, 3]
 * ```
 */
export const glorotNormal: (options?: FanOptions) => RankedInitializer = registerFactory(
  "initializers.glorotNormal",
  (options: FanOptions = {}) => scaling("glorotNormal", 1, "fanAvg", "truncatedNormal", options),
);

/**
 * Uniform of variance 2 / (inputs + outputs).
 * @see Glorot & Bengio 2010, `jax.nn.initializers.glorot_uniform`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.initializers.heNormal()(nnx.random.key(0), [2, 3]).shape; // => [2, 3]
 * ```
 */
export const glorotUniform: (options?: FanOptions) => RankedInitializer = registerFactory(
  "initializers.glorotUniform",
  (options: FanOptions = {}) => scaling("glorotUniform", 1, "fanAvg", "uniform", options),
);

/**
 * Truncated normal of variance 2 / inputs. @see He et al. 2015, `jax.nn.initializers.he_normal`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.initializers.heNormal()(nnx.random.key(0), [2, 3]).shape; // => [2, 3]
 * ```
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.initializers.heUniform()(nnx.random.key(0), [2, 3]).shape; // => [2, 3]
 * ```
 */
export const heNormal: (options?: FanOptions) => RankedInitializer = registerFactory(
  "initializers.heNormal",
  (options: FanOptions = {}) => scaling("heNormal", 2, "fanIn", "truncatedNormal", options),
);

/**
 * Uniform of variance 2 / inputs. @see He et al. 2015, `jax.nn.initializers.he_uniform`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.initializers.heUniform()(nnx.random.key(0), [2, 3]).shape; // => [2, 3]
 * ```
 */
export const heUniform: (options?: FanOptions) => RankedInitializer = registerFactory(
  "initializers.heUniform",
  (options: FanOptions = {}) => scaling("heUniform", 2, "fanIn", "uniform", options),
);

/**
 * {@link glorotNormal} by its other name.
 * @see `jax.nn.initializers.xavier_normal`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.initializers.xavierNormal()(nnx.random.key(0), [2, 3]).shape; // => [2, 3]
 * ```
 */
export const xavierNormal: typeof glorotNormal = glorotNormal;
/**
 * {@link glorotUniform} by its other name.
 * @see `jax.nn.initializers.xavier_uniform`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.initializers.xavierUniform()(nnx.random.key(0), [2, 3]).shape; // => [2, 3]
 * ```
 */
export const xavierUniform: typeof glorotUniform = glorotUniform;
/**
 * {@link heNormal} by its other name.
 * @see `jax.nn.initializers.kaiming_normal`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.initializers.kaimingNormal()(nnx.random.key(0), [2, 3]).shape; // => [2, 3]
 * ```
 */
export const kaimingNormal: typeof heNormal = heNormal;
/**
 * {@link heUniform} by its other name.
 * @see `jax.nn.initializers.kaiming_uniform`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.initializers.kaimingUniform()(nnx.random.key(0), [2, 3]).shape; // => [2, 3]
 * ```
 */
export const kaimingUniform: typeof heUniform = heUniform;
