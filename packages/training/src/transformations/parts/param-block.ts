/** @file Updates in proportion to the size of each parameter, and clipping by it. */
import { div, mul, sqrt, mean, square, maximum } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkPositive } from "../../checks.ts";
import { checkAlike, mapTree } from "../../tree/tree.ts";
import { safeNorm, safeRms } from "./norms.ts";
import { notNegative, type OptionTable, readOptions } from "../options.ts";
import type { GradientTransformation } from "../transformation.ts";

/** Options of {@link scaleByParamBlockNorm} and {@link scaleByParamBlockRms}. */
export interface ParamBlockOptions {
  /** What updates are multiplied by at least. @defaultValue 1e-3 */
  minScale?: number;
}

const paramBlockTable: OptionTable<ParamBlockOptions> = { minScale: notNegative(1e-3) };

function scaleBySize(
  where: string,
  options: ParamBlockOptions,
  size: typeof safeNorm,
): GradientTransformation {
  const { minScale } = readOptions(where, options, paramBlockTable);
  return {
    init: () => [],
    update: (updates, state, params) => {
      checkAlike(where, { updates, params });
      return [mapTree((u, p) => mul(u, size(p, minScale)), updates, params), state];
    },
  };
}

/**
 * Multiplies the update of each parameter by the parameter's norm.
 * @throws RangeError for a negative `minScale`.
 * @see `optax.scale_by_param_block_norm`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.scaleByAdam(), nnx.scaleByParamBlockNorm(), nnx.scaleByLearningRate(1e-3));
 * ```
 */
export const scaleByParamBlockNorm: (options?: ParamBlockOptions) => GradientTransformation = registerFactory(
  "tx.scaleByParamBlockNorm",
  (options = {}) => scaleBySize("scaleByParamBlockNorm", options, safeNorm),
);

/**
 * Multiplies the update of each parameter by the root mean square of the parameter.
 * @throws RangeError for a negative `minScale`.
 * @see Shazeer and Stern 2018, https://arxiv.org/abs/1804.04235; `optax.scale_by_param_block_rms`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.scaleByAdam(), nnx.scaleByParamBlockRms(), nnx.scaleByLearningRate(1e-3));
 * ```
 */
export const scaleByParamBlockRms: (options?: ParamBlockOptions) => GradientTransformation = registerFactory(
  "tx.scaleByParamBlockRms",
  (options = {}) => scaleBySize("scaleByParamBlockRms", options, safeRms),
);

/**
 * Scales the update of each parameter down where its root mean square is above `threshold`, so that
 * it becomes that.
 * @throws RangeError unless the threshold is a finite number above 0.
 * @see Shazeer and Stern 2018, https://arxiv.org/abs/1804.04235; `optax.clip_by_block_rms`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.chain(nnx.clipByBlockRms(1), nnx.adam(1e-3));
 * ```
 */
export const clipByBlockRms: (threshold: number) => GradientTransformation = registerFactory(
  "tx.clipByBlockRms",
  (threshold) => {
    checkPositive("clipByBlockRms", "threshold", threshold);
    return {
      init: () => [],
      update: (updates, state) => [
        mapTree((u) => div(u, maximum(1, div(sqrt(mean(square(u))), threshold))), updates),
        state,
      ],
    };
  },
);
