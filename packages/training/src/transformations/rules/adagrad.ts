/** @file Steps by the sum of all squared gradients. */
import { add, adagradStep, greater, rsqrt, type Tensor, where } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import type { Tree } from "../../tree/tree.ts";
import { byMoments } from "../one-pass.ts";
import { notNegative, type OptionTable, readOptions } from "../options.ts";
import { type Schedule, scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation } from "../transformation.ts";

/** Options of {@link adagrad} and {@link scaleByRss}. */
export interface AdagradOptions {
  /** What the sum of squares is before the first step. @defaultValue 0.1 */
  initialAccumulatorValue?: number;
  /** Added under the root. @defaultValue 1e-7 */
  eps?: number;
}

const adagradTable: OptionTable<AdagradOptions> = {
  initialAccumulatorValue: notNegative(0.1),
  eps: notNegative(1e-7),
};

/** `1 / sqrt(sum + eps)`, and 0 where nothing was summed up yet. */
export const inverseRoot = (sum: Tensor, eps: number): Tensor =>
  where(greater(sum, 0), rsqrt(add(sum, eps)), 0);

/**
 * Divides each gradient by the root of the sum of its squares so far.
 * @throws RangeError for options that cannot be.
 * @see `optax.scale_by_rss`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.scaleByRss(), nnx.scaleByLearningRate(1e-3));
 * ```
 */
export const scaleByRss: (
  options?: AdagradOptions,
) => GradientTransformation<{ readonly sumOfSquares: Tree }> = registerFactory(
  "tx.scaleByRss",
  (options = {}) => {
    const { initialAccumulatorValue, eps } = readOptions("scaleByRss", options, adagradTable);
    return byMoments<{ readonly sumOfSquares: Tree }>({
      where: "scaleByRss",
      rule: adagradStep,
      start: { sumOfSquares: initialAccumulatorValue },
      numbers: () => [eps],
    });
  },
);

/**
 * Adagrad: what got large gradients takes short steps from then on.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see Duchi et al. 2011, https://jmlr.org/papers/v12/duchi11a.html; `optax.adagrad`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.adagrad(0.1, { initialAccumulatorValue: 1 });
 * ```
 */
export const adagrad: (learningRate: number | Schedule, options?: AdagradOptions) => GradientTransformation =
  registerFactory("tx.adagrad", (learningRate, options = {}) => {
    const given = readOptions("adagrad", options, adagradTable);
    return chain(scaleByRss(given), scaleByLearningRate(learningRate));
  });
