/** @file When MultiSteps should pass over a step. */
import { less, logicalNot, type Tensor, greater } from "@nnxjs/kernels/internal";
import { registerFunction } from "@nnxjs/nnx-core";
import { checkNotNegative } from "../../checks.ts";
import { squaredNorm } from "../../tree/arithmetic.ts";
import type { Tree } from "../../tree/tree.ts";
import type { TransformationState } from "../transformation.ts";
import { countNotFinite } from "./truth.ts";

/**
 * Whether `MultiSteps` passes over a step, and what it keeps about that in its state.
 * @param gradientStep - How many steps the inner optimizer took.
 * @returns The decision, a scalar of dtype bool being read back; and anything of one structure.
 * @see `optax.ShouldSkipUpdateFunction`
 */
export type ShouldSkipUpdateFunction = (
  updates: Tree,
  gradientStep: number,
  params: Tree,
) => readonly [shouldSkip: boolean | Tensor, skipState: TransformationState];

/** Scalars: the decision, dtype bool, and how many elements were not finite, dtype int32. */
type NotFinite = { readonly shouldSkip: Tensor; readonly numNotFinite: Tensor };

/**
 * Passes over a step whose updates have NaN or infinities.
 * @param updates - Tensors of any shape, in a tree.
 * @param _gradientStep - Not used.
 * @param _params - Not used.
 * @see `optax.skip_not_finite`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = new nnx.MultiSteps(nnx.adam(1e-3), 4, { shouldSkipUpdateFn: nnx.skipNotFinite });
 * ```
 */
export const skipNotFinite = (
  updates: Tree,
  _gradientStep?: number,
  _params?: Tree,
): readonly [shouldSkip: Tensor, skipState: NotFinite] => {
  const numNotFinite = countNotFinite(updates);
  const shouldSkip = greater(numNotFinite, 0);
  return [shouldSkip, { shouldSkip, numNotFinite }];
};

registerFunction("tx.skipNotFinite", skipNotFinite);

/** Scalars: the decision, of dtype bool, and the sum of squares. */
type Large = { readonly shouldSkip: Tensor; readonly normSquared: Tensor };

/**
 * Passes over a step whose updates have a sum of squares of `maxSquaredNorm` or more, or NaN.
 * @param updates - Tensors of any shape, in a tree.
 * @param _gradientStep - Not used.
 * @param _params - Not used.
 * @throws RangeError for a negative bound.
 * @see `optax.skip_large_updates`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const shouldSkipUpdateFn: nnx.ShouldSkipUpdateFunction = (updates, step, params) =>
 *   nnx.skipLargeUpdates(updates, step, params, 100);
 * const tx = new nnx.MultiSteps(nnx.adam(1e-3), 4, { shouldSkipUpdateFn });
 * ```
 */
export function skipLargeUpdates(
  updates: Tree,
  _gradientStep: number,
  _params: Tree,
  maxSquaredNorm: number,
): readonly [shouldSkip: Tensor, skipState: Large] {
  checkNotNegative("skipLargeUpdates", "maxSquaredNorm", maxSquaredNorm);
  const normSquared = squaredNorm(updates);
  const shouldSkip = logicalNot(less(normSquared, maxSquaredNorm));
  return [shouldSkip, { shouldSkip, normSquared }];
}
