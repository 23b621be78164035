/** @file Keeping gradients small. */
import { addN, clamp, div, less, mul, sqrt, square, sum, where } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkNotNegative } from "../checks.ts";
import { type GradientTransformation, made } from "./transformation.ts";
import { leavesOf, mapTree } from "../tree/tree.ts";

/**
 * Scales all gradients by one factor where their common norm is `maxNorm` or more, so that it
 * becomes `maxNorm`. Where the norm is NaN, all become NaN.
 * @throws RangeError for a negative norm.
 * @see `optax.clip_by_global_norm`; Pascanu et al. 2013, https://arxiv.org/abs/1211.5063
 * @example
 * ```ts
 * const tx = nnx.chain(nnx.clipByGlobalNorm(1), nnx.adam(1e-3));
 * ```
 */
export function clipByGlobalNorm(maxNorm: number): GradientTransformation {
  checkNotNegative("clipByGlobalNorm", "maxNorm", maxNorm);
  return made("clipByGlobalNorm", [maxNorm], {
    init: () => [],
    update: (updates, state) => {
      const leaves = leavesOf(updates);
      if (leaves.length === 0) return [updates, state];
      const norm = sqrt(addN(leaves.map((u) => sum(square(u)))));
      const small = less(norm, maxNorm);
      return [mapTree((u) => where(small, u, mul(div(u, norm), maxNorm)), updates), state];
    },
  });
}

registerFactory("tx.clipByGlobalNorm", clipByGlobalNorm);

/**
 * Clips each element of the gradients to `[-maxDelta, maxDelta]`. NaN stays NaN.
 * @throws RangeError for a negative bound.
 * @see `optax.clip`
 */
export function clip(maxDelta: number): GradientTransformation {
  checkNotNegative("clip", "maxDelta", maxDelta);
  return made("clip", [maxDelta], {
    init: () => [],
    update: (updates, state) => [mapTree((u) => clamp(u, -maxDelta, maxDelta), updates), state],
  });
}

registerFactory("tx.clip", clip);
