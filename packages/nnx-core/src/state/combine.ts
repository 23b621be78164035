/** @file The union of States, and the difference of two States. */
import { checkState } from "./check-state.ts";
import { leavesOf } from "./flatten-state.ts";
import { makeState } from "./holding.ts";
import { leavesBeside } from "./map.ts";
import { readOn, rebuild } from "./rebuild.ts";
import { below, isLeaf, isSubtree, heldValue, type OwnedState, type State, type StateNode } from "./state.ts";

/** Merges States or values that were checked. The result does not hold its tensors yet. */
export const mergeTrees = (states: readonly State[]): State => states.reduce(mergeTwo);

/** Merges `second` into `first`. Returns `first` itself if that changes nothing. */
function mergeTwo(first: State, second: State): State {
  if (first === second) return first;
  // The State of a Variable is its leaf.
  if (isLeaf(first) || isLeaf(second)) return Object.keys(second).length > 0 ? second : first;
  return rebuild<StateNode | undefined>(second, first, {
    onto: (before) => before as State,
    below: (before, key) => (Object.hasOwn(before as State, key) ? (before as State)[key] : undefined),
    // The States were checked, so each child is a valid part of a State.
    part: (child, before) =>
      child !== before && isSubtree(before) && isSubtree(child) ? readOn : (child as StateNode),
  });
}

/**
 * Returns a State with the leaves of all States. If two States have a leaf at the same path, the
 * later one counts. Subtrees that only one State has, or that a later State does not change, are
 * reused. One State alone is returned as it is.
 * @param state - The first State.
 * @see Flax `nnx.merge_state`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.BatchNorm(3, { rngs: new nnx.Rngs(0) });
 * const merged = nnx.mergeState(nnx.state(model, nnx.Param), nnx.state(model, nnx.BatchStat));
 * Object.keys(merged); // => ["bias", "scale", "mean", "var"]
 * ```
 */
export function mergeState<S extends StateNode>(state: S): S;
export function mergeState(state: StateNode, ...states: readonly StateNode[]): OwnedState;
export function mergeState(state: StateNode, ...states: readonly StateNode[]): StateNode {
  const checked = [state, ...states].map((each) => checkState("mergeState", each));
  if (states.length === 0) return state;
  const merged = mergeTrees(checked);
  return makeState({ ...merged }, leavesOf(merged).map(heldValue));
}

/**
 * The leaves of `state` at paths that `other` does not have. @see Flax `State - State`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.BatchNorm(3, { rngs: new nnx.Rngs(0) });
 * Object.keys(nnx.diffState(nnx.state(model), nnx.state(model, nnx.Param))); // => ["mean", "var"]
 * ```
 */
export function diffState(state: StateNode, other: StateNode): OwnedState {
  const whole = checkState("diffState", state);
  const start: StateNode | undefined = checkState("diffState", other);
  return leavesBeside(whole, start, below, (leaf, key, there) =>
    (key === undefined ? isLeaf(there) : below(there, key) !== undefined) ? undefined : leaf,
  );
}
