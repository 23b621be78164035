/** @file Several States as one, and what one has more than another. */
import { checkState } from "./check-state.ts";
import { leavesOf } from "./flatten-state.ts";
import { makeState } from "./holding.ts";
import { leavesBeside } from "./map.ts";
import { readOn, rebuild } from "./rebuild.ts";
import { below, isLeaf, isSubtree, leafValue, type OwnedState, type State, type StateNode } from "./state.ts";

/**
 * What `first` has with what the others have, of States or values that were checked; nobody holds
 * it yet.
 */
export const mergeTrees = (states: readonly State[]): State => states.reduce(mergeTwo);

/** `first` with what `second` has; `first` itself where that changes nothing. */
function mergeTwo(first: State, second: State): State {
  if (first === second) return first;
  // The State of a Variable is its leaf.
  if (isLeaf(first) || isLeaf(second)) return Object.keys(second).length > 0 ? second : first;
  return rebuild<StateNode | undefined>(second, first, {
    onto: (before) => before as State,
    below: (before, key) => (Object.hasOwn(before as State, key) ? (before as State)[key] : undefined),
    // What was checked has nothing but States in it.
    part: (child, before) =>
      child !== before && isSubtree(before) && isSubtree(child) ? readOn : (child as StateNode),
  });
}

/**
 * All leaves of all States; where two have a path in common, the later one's. Subtrees that only
 * one State has, and those in which a later State changes nothing, are the State's own objects. One
 * State alone is returned as it is.
 * @see Flax `nnx.merge_state`
 */
export function mergeState<S extends StateNode>(state: S): S;
export function mergeState(state: StateNode, ...states: readonly StateNode[]): OwnedState;
export function mergeState(state: StateNode, ...states: readonly StateNode[]): StateNode {
  const checked = [state, ...states].map((each) => checkState("mergeState", each));
  if (states.length === 0) return state;
  const merged = mergeTrees(checked);
  return makeState({ ...merged }, leavesOf(merged).map(leafValue));
}

/** The leaves of `state` at paths that `other` does not have. @see Flax `State - State` */
export function diffState(state: StateNode, other: StateNode): OwnedState {
  const whole = checkState("diffState", state);
  const start: StateNode | undefined = checkState("diffState", other);
  return leavesBeside(whole, start, below, (leaf, key, there) =>
    (key === undefined ? isLeaf(there) : below(there, key) !== undefined) ? undefined : leaf,
  );
}
