/** @file Steps that are left out while gradients are not finite. */
import { scalar, type Tensor, zerosLike } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkNotNegative } from "../../checks.ts";
import { mapTree } from "../../tree/tree.ts";
import {
  checkTransformation,
  type GradientTransformation,
  type TransformationState,
} from "../transformation.ts";
import { isAllFinite, isTrue } from "./truth.ts";

type ApplyIfFiniteState = {
  /** Steps without a break whose updates were not finite. */
  readonly notfiniteCount: number;
  /** Whether the last step's were, a scalar of dtype bool. */
  readonly lastFinite: Tensor;
  /** All steps whose updates were not. */
  readonly totalNotfinite: number;
  readonly innerState: TransformationState;
};

/**
 * Leaves out a step, with zeros as updates, where updates have NaN or infinities, until that
 * happened in more than `maxConsecutiveErrors` steps without a break. Reads one boolean back in each
 * step.
 * @param inner - Any transformation.
 * @throws StructureError for what is no transformation; RangeError for a number below 0.
 * @see `optax.apply_if_finite`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.applyIfFinite(nnx.adam(1e-3), 5);
 * ```
 */
export const applyIfFinite: (
  inner: GradientTransformation,
  maxConsecutiveErrors: number,
) => GradientTransformation<ApplyIfFiniteState> = registerFactory(
  "tx.applyIfFinite",
  (inner, maxConsecutiveErrors) => {
    checkTransformation("applyIfFinite", inner);
    checkNotNegative("applyIfFinite", "maxConsecutiveErrors", maxConsecutiveErrors);
    return {
      init: (params) => ({
        notfiniteCount: 0,
        lastFinite: scalar(true, "bool"),
        totalNotfinite: 0,
        innerState: inner.init(params),
      }),
      update: (updates, state, params, extra) => {
        const lastFinite = isAllFinite(updates);
        const isFine = isTrue("applyIfFinite", "the check", lastFinite);
        const notfiniteCount = isFine ? 0 : state.notfiniteCount + 1;
        const totalNotfinite = state.totalNotfinite + (isFine ? 0 : 1);
        const [given, innerState] =
          isFine || notfiniteCount > maxConsecutiveErrors
            ? inner.update(updates, state.innerState, params, extra)
            : [mapTree(zerosLike, updates), state.innerState];
        return [given, { notfiniteCount, lastFinite, totalNotfinite, innerState }];
      },
    };
  },
);
