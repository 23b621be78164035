/** @file Between nested States and lists of leaves by path. */
import type { Path } from "../path.ts";
import { sortedParts } from "../sorted-parts.ts";
import { StateBuilder } from "./builder.ts";
import { leafCountOf, refuseEnded } from "./holding.ts";
import { isLeaf, requireLeaf, type OwnedState, type StateLeaf, type StateNode } from "./state.ts";

/** A leaf and where it is. */
export type FlatEntry = readonly [path: Path, leaf: StateLeaf];

/** The leaves in Flax's order, each with its path. @see Flax `nnx.to_flat_state` */
export function flattenState(state: StateNode): FlatEntry[] {
  const entries: FlatEntry[] = [];
  const open: (readonly [Path, StateNode])[] = [[[], state]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [path, node] = next;
    if (isLeaf(node)) {
      entries.push([path, node]);
      continue;
    }
    const keys = sortedParts(Object.keys(node));
    for (let i = keys.length - 1; i >= 0; i--) {
      const key = keys[i] as string;
      open.push([[...path, key], node[key] as StateNode]);
    }
  }
  return entries;
}

/**
 * The State with these leaves.
 * @throws {@link StructureError} when a path is given twice, or is the beginning of another, or something is no leaf.
 * @see Flax `nnx.from_flat_state`
 */
export function unflattenState(entries: Iterable<FlatEntry>): OwnedState {
  const builder = new StateBuilder();
  for (const [path, leaf] of entries) builder.set(path, requireLeaf("unflattenState", path, leaf));
  return builder.finish();
}

/** All leaves, in no particular order. */
export function leavesOf(state: StateNode): StateLeaf[] {
  const leaves: StateLeaf[] = [];
  const open: StateNode[] = [state];
  for (let next = open.pop(); next; next = open.pop()) {
    if (isLeaf(next)) leaves.push(next);
    else for (const child of Object.values(next)) open.push(child);
  }
  return leaves;
}

/** How many leaves there are. */
export const countLeaves = (state: StateNode): number => {
  refuseEnded("State", state);
  return leafCountOf(state) ?? leavesOf(state).length;
};
