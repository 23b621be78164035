/** @file What turns gradients into updates, and how several of these become one. */
import type { Tensor } from "./tensor.ts";
import type { Tree } from "./tree.ts";

/** What a transformation remembers between steps: numbers, tensors and nested arrays and records of them. */
export type TransformationState =
  | number
  | Tensor
  | readonly TransformationState[]
  | { readonly [key: string]: TransformationState };

/**
 * Turns gradients into updates, step by step. Both functions are pure: what changes goes through the state.
 * @see optax `GradientTransformation`
 */
export interface GradientTransformation<S extends TransformationState = TransformationState> {
  /** The state before the first step. */
  init(params: Tree): S;
  /** The updates of this step, to be added to the parameters, and the next state. */
  update(updates: Tree, state: S, params: Tree): readonly [updates: Tree, state: S];
}

/** One transformation after another; the state is the list of theirs. @see `optax.chain` */
export function chain(
  ...transformations: readonly GradientTransformation[]
): GradientTransformation<readonly TransformationState[]> {
  return {
    init: (params) => transformations.map((each) => each.init(params)),
    update: (updates, states, params) => {
      let current = updates;
      const next = transformations.map((each, i) => {
        const [result, state] = each.update(current, states[i] as TransformationState, params);
        current = result;
        return state;
      });
      return [current, next];
    },
  };
}
