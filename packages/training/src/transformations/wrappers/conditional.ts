/** @file Wrappers that let a transformation run in some steps only. */
import { zerosLike } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkFunction, checkOptions } from "@nnxjs/nnx-core/internal";
import { mapTree, type Tree } from "../../tree/tree.ts";
import {
  checkTransformation,
  type ExtraArgs,
  type GradientTransformation,
  type TransformationState,
} from "../transformation.ts";
import { isTrue } from "./truth.ts";
import type { Tensor } from "@nnxjs/kernels/internal";

/**
 * Whether the inner transformation runs in a step.
 * @param step - Counts from 0.
 * @param extra - Extra arguments, with `forwardExtraArgs`.
 * @returns true, false, or a scalar of dtype bool, which is read back.
 */
export type ConditionFn = (step: number, extra: ExtraArgs) => boolean | Tensor;

/** Options of {@link conditionallyTransform} and {@link conditionallyMask}. */
export interface ConditionOptions {
  /** Give the condition the extra arguments of the step. @defaultValue false */
  forwardExtraArgs?: boolean;
}

/** Steps seen, and what the inner transformation remembers. */
type ConditionalState = { readonly innerState: TransformationState; readonly step: number };

type Conditional = (
  inner: GradientTransformation,
  shouldTransformFn: ConditionFn,
  options?: ConditionOptions,
) => GradientTransformation<ConditionalState>;

const conditional =
  (where: string, otherwise: (updates: Tree) => Tree): Conditional =>
  (inner, shouldTransformFn, options = {}) => {
    checkTransformation(where, inner);
    checkFunction(where, shouldTransformFn, "inner, shouldTransformFn", "second");
    checkOptions<ConditionOptions>(where, options, { forwardExtraArgs: true });
    const { forwardExtraArgs = false } = options;
    return {
      init: (params) => ({ innerState: inner.init(params), step: 0 }),
      update: (updates, { innerState, step }, params, extra = {}) => {
        const condition = shouldTransformFn(step, forwardExtraArgs ? extra : {});
        const [given, next] = isTrue(where, "shouldTransformFn", condition)
          ? inner.update(updates, innerState, params, extra)
          : [otherwise(updates), innerState];
        return [given, { innerState: next, step: step + 1 }];
      },
    };
  };

/**
 * Runs a transformation in some steps; in the others updates pass as they are, and it remembers
 * nothing of them.
 * @throws StructureError for what is no transformation, and in a step in which the condition is
 * neither true nor false.
 * @see `optax.conditionally_transform`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.conditionallyTransform(nnx.clipByGlobalNorm(1), (step) => step < 100);
 * ```
 */
export const conditionallyTransform: Conditional = registerFactory(
  "tx.conditionallyTransform",
  conditional("conditionallyTransform", (updates) => updates),
);

/**
 * Runs a transformation in some steps; in the others updates are zeros, and it remembers nothing of
 * them.
 * @throws StructureError for what is no transformation, and in a step in which the condition is
 * neither true nor false.
 * @see `optax.conditionally_mask`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * // Trains in every second step alone.
 * const tx = nnx.conditionallyMask(nnx.adam(1e-3), (step) => step % 2 === 0);
 * ```
 */
export const conditionallyMask: Conditional = registerFactory(
  "tx.conditionallyMask",
  conditional("conditionallyMask", (updates) => mapTree(zerosLike, updates)),
);
