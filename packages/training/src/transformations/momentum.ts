/** @file A running sum of past updates. */
import { add, mul, type Tensor, zerosLike } from "@nnxjs/kernels/internal";
import { checkDecay } from "../checks.ts";
import type { GradientTransformation } from "./transformation.ts";
import { checkAlike, mapTree, type Tree } from "../tree/tree.ts";

type MomentumState = { readonly trace: Tree };

/**
 * Replaces each update `g` by `t = g + decay * t`, or with `nesterov` by `g + decay * t`.
 * @throws RangeError for a decay outside `[0, 1)`.
 * @see `optax.trace`; Sutskever et al. 2013, https://proceedings.mlr.press/v28/sutskever13.html
 */
export function momentumOf(
  where: string,
  decay: number,
  nesterov: boolean,
): GradientTransformation<MomentumState> {
  checkDecay(where, "momentum", decay);
  const sumUp = (g: Tensor, t: Tensor): Tensor => add(g, mul(t, decay));
  return {
    init: (params) => ({ trace: mapTree(zerosLike, params) }),
    update: (gradients, { trace }) => {
      checkAlike(where, { gradients, trace });
      const next = mapTree(sumUp, gradients, trace);
      return [nesterov ? mapTree(sumUp, gradients, next) : next, { trace: next }];
    },
  };
}
