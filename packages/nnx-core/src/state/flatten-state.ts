/** @file Between nested States and lists of leaves by path. */
import { comparePathParts, type Path, partFromKey } from "../path.ts";
import { StateBuilder } from "./builder.ts";
import { isLeaf, type State, type StateLeaf, type StateNode } from "./state.ts";

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
    const keys = Object.keys(node).map(partFromKey).sort(comparePathParts);
    for (let i = keys.length - 1; i >= 0; i--) {
      const key = keys[i] as string;
      open.push([[...path, key], node[key] as StateNode]);
    }
  }
  return entries;
}

/** The State with these leaves. @throws when a path is given twice, or is the beginning of another. @see Flax `nnx.from_flat_state` */
export function unflattenState(entries: Iterable<FlatEntry>): State {
  const builder = new StateBuilder();
  for (const [path, leaf] of entries) builder.set(path, leaf);
  return builder.finish();
}

/** How many leaves there are. */
export function countLeaves(state: StateNode): number {
  let count = 0;
  const open: StateNode[] = [state];
  for (let next = open.pop(); next; next = open.pop()) {
    if (isLeaf(next)) count++;
    else for (const key in next) open.push(next[key] as StateNode);
  }
  return count;
}
