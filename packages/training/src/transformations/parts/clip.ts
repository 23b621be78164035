/** @file Keeping gradients small. */
import { clamp, div, less, mul, where } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkNotNegative } from "../../checks.ts";
import { notePassing } from "../applying.ts";
import type { GradientTransformation } from "../transformation.ts";
import { globalNorm } from "../../tree/arithmetic.ts";
import { mapTree } from "../../tree/tree.ts";

/**
 * Scales all gradients by one factor where their common norm is `maxNorm` or more, so that it
 * becomes `maxNorm`. Where the norm is NaN, all become NaN.
 * @throws RangeError for a negative norm.
 * @see `optax.clip_by_global_norm`; Pascanu et al. 2013, https://arxiv.org/abs/1211.5063
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.chain(nnx.clipByGlobalNorm(1), nnx.adam(1e-3));
 * ```
 */
export const clipByGlobalNorm: (maxNorm: number) => GradientTransformation = registerFactory(
  "tx.clipByGlobalNorm",
  (maxNorm) => {
    checkNotNegative("clipByGlobalNorm", "maxNorm", maxNorm);
    return notePassing({
      init: () => [],
      update: (updates, state) => {
        const length = globalNorm(updates);
        const small = less(length, maxNorm);
        return [mapTree((u) => where(small, u, mul(div(u, length), maxNorm)), updates), state];
      },
    });
  },
);

/**
 * Clips each element of the gradients to `[-maxDelta, maxDelta]`. NaN stays NaN.
 * @throws RangeError for a negative bound.
 * @see `optax.clip`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.clip(1), nnx.adam(1e-3));
 * ```
 */
export const clip: (maxDelta: number) => GradientTransformation = registerFactory("tx.clip", (maxDelta) => {
  checkNotNegative("clip", "maxDelta", maxDelta);
  return notePassing({
    init: () => [],
    update: (updates, state) => [mapTree((u) => clamp(u, -maxDelta, maxDelta), updates), state],
  });
});
