/** @file A running sum of past updates. */
import { checkDecay } from "./checks.ts";
import { add, mul, zerosLike } from "./tensor.ts";
import type { GradientTransformation } from "./transformation.ts";
import { mapTree, type Tree } from "./tree.ts";

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
  return {
    init: (params) => ({ trace: mapTree((p) => zerosLike(p), params) }),
    update: (gradients, { trace }) => {
      const next = mapTree((g, t) => add(g, mul(t, decay)), gradients, trace);
      const updates = nesterov ? mapTree((g, t) => add(g, mul(t, decay)), gradients, next) : next;
      return [updates, { trace: next }];
    },
  };
}

/** Passes updates on as they are. @see `optax.identity` */
export const identityTransformation: GradientTransformation = {
  init: () => [],
  update: (updates, state) => [updates, state],
};
