/** @file The running mean of updates in their place. */
import { zerosLike } from "@nnxjs/kernels/internal";
import { checkAlike, mapTree, type Tree } from "../tree/tree.ts";
import { runningMean } from "./running-mean.ts";
import type { GradientTransformation } from "./transformation.ts";

/** Steps taken, and the mean. */
type MeanState = { readonly count: number; readonly ema: Tree };

/** Replaces each update by the running mean, which starts at 0. @see `optax.ema` without `debias` */
export const updateMean = (where: string, decay: number): GradientTransformation<MeanState> => ({
  init: (params) => ({ count: 0, ema: mapTree(zerosLike, params) }),
  update: (updates, { count, ema }) => {
    checkAlike(where, { updates, ema });
    const next = mapTree((u, mean) => runningMean(decay, mean, u), updates, ema);
    return [next, { count: count + 1, ema: next }];
  },
});
