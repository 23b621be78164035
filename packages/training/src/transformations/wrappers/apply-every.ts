/** @file Updates that are summed up and given now and then. */
import { add, zerosLike } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkSteps } from "../../checks.ts";
import { checkAlike, mapTree, type Tree } from "../../tree/tree.ts";
import type { GradientTransformation } from "../transformation.ts";

/** Steps since updates were given, and their sum. */
type ApplyEveryState = { readonly count: number; readonly gradAcc: Tree };

/**
 * Gives the sum of `k` steps' updates in every `k`-th step, and zeros otherwise. Transformations
 * beside it in a chain remember every step; `MultiSteps` holds them back, too.
 * @throws RangeError unless `k` is a positive integer.
 * @see `optax.apply_every`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.scaleByAdam(), nnx.applyEvery(4), nnx.scaleByLearningRate(1e-3));
 * ```
 */
export const applyEvery: (k?: number) => GradientTransformation<ApplyEveryState> = registerFactory(
  "tx.applyEvery",
  (k = 1) => {
    checkSteps("applyEvery", "k", k);
    return {
      init: (params) => ({ count: 0, gradAcc: mapTree(zerosLike, params) }),
      update: (updates, { count, gradAcc }) => {
        checkAlike("applyEvery", { updates, gradAcc });
        const place = count % k;
        const sum = place === 0 ? updates : mapTree((u, a) => add(u, a), updates, gradAcc);
        const given = place === k - 1 ? sum : mapTree(zerosLike, updates);
        return [given, { count: (count + 1) % k, gradAcc: sum }];
      },
    };
  },
);
