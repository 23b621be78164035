/** @file Several States as one, and what one has more than another. */
import { hold } from "./builder.ts";
import { flattenState, unflattenState } from "./flatten-state.ts";
import { isLeaf, leafValue, type State, type StateNode } from "./state.ts";

function mergeNodes(first: StateNode, second: StateNode): StateNode {
  if (first === second || isLeaf(first) || isLeaf(second)) return second;
  const merged: Record<string, StateNode> = { ...first };
  let changed = false;
  for (const key in second) {
    const before = Object.hasOwn(first, key) ? first[key] : undefined;
    const theirs = second[key] as StateNode;
    const after = before === undefined ? theirs : mergeNodes(before, theirs);
    changed ||= after !== before;
    merged[key] = after;
  }
  return changed ? Object.freeze(merged) : first;
}

/**
 * All leaves of all States; where two have a path in common, the later one's. Subtrees that only one State has are that
 * State's own objects.
 * @see Flax `nnx.merge_state`
 */
export function mergeState(state: State, ...states: readonly State[]): State {
  if (states.length === 0) return state;
  const merged = states.reduce<StateNode>(mergeNodes, state) as State;
  return hold(
    { ...merged },
    flattenState(merged).map(([, leaf]) => leafValue(leaf)),
  );
}

/** The leaves of `state` at paths that `other` does not have. @see Flax `State - State` */
export function diffState(state: State, other: State): State {
  const has = (path: readonly (string | number)[]): boolean => {
    let node: StateNode | undefined = other;
    for (const part of path) node = node === undefined || isLeaf(node) ? undefined : node[part];
    return node !== undefined;
  };
  return unflattenState(flattenState(state).filter(([path]) => !has(path)));
}
