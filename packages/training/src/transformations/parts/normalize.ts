/** @file Gradients without their mean, and of fixed length. */
import { add, div, mean, mul, sub } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { globalNorm } from "../../tree/arithmetic.ts";
import { mapTree } from "../../tree/tree.ts";
import { notNegative, type OptionTable, positive, readOptions } from "../options.ts";
import type { GradientTransformation } from "../transformation.ts";

/**
 * Takes the mean over all axes but the first off each gradient. Vectors and scalars stay as they
 * are.
 * @see Yong et al. 2020, https://arxiv.org/abs/2004.01461; `optax.centralize`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.centralize(), nnx.adam(1e-3));
 * ```
 */
export const centralize: () => GradientTransformation = registerFactory("tx.centralize", () => ({
  init: () => [],
  update: (updates, state) => [
    mapTree((u) => {
      if (u.shape.length < 2 || u.size === 0) return u;
      const axes = u.shape.map((_, i) => i).slice(1);
      return sub(u, mean(u, axes, true));
    }, updates),
    state,
  ],
}));

/** Options of {@link normalizeByUpdateNorm}. */
export interface NormalizeOptions {
  /** The norm that updates get. @defaultValue 1 */
  scaleFactor?: number;
  /** Added to the norm that they have. @defaultValue 1e-6 */
  eps?: number;
}

const normalizeTable: OptionTable<NormalizeOptions> = { scaleFactor: positive(1), eps: notNegative(1e-6) };

/**
 * Divides all updates by their common norm.
 * @throws RangeError for options that cannot be.
 * @see `optax.normalize_by_update_norm`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.chain(nnx.centralize(), nnx.normalizeByUpdateNorm(), nnx.sgd(0.1));
 * ```
 */
export const normalizeByUpdateNorm: (options?: NormalizeOptions) => GradientTransformation = registerFactory(
  "tx.normalizeByUpdateNorm",
  (options = {}) => {
    const { scaleFactor, eps } = readOptions("normalizeByUpdateNorm", options, normalizeTable);
    return {
      init: () => [],
      update: (updates, state) => {
        const divisor = mul(add(globalNorm(updates), eps), 1 / scaleFactor);
        return [mapTree((u) => div(u, divisor), updates), state];
      },
    };
  },
);
