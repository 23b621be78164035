/**
 * @file Leaves that tell who reads their numbers. A leaf is plain data, so nobody would notice that a
 * recorded function computes with the number that it has now.
 */
import { readObserver } from "./observer.ts";
import type { VariableState } from "./variable-state.ts";

const leaves = new WeakMap<object, VariableState>();
const watched = new WeakMap<VariableState, VariableState>();

/** What stands for a leaf where an observer has to know of reads. Variables take the leaf itself. */
export function watchedLeaf(leaf: VariableState): VariableState {
  let made = watched.get(leaf);
  if (!made) {
    const { type, metadata } = leaf;
    made = Object.freeze({
      type,
      get value(): unknown {
        readObserver?.readLeaf(leaf);
        return leaf.value;
      },
      metadata,
    });
    leaves.set(made, leaf);
    watched.set(leaf, made);
  }
  return made;
}

/** The leaf that a watched one stands for. Others stand for themselves. */
export const unwatched = (leaf: VariableState): VariableState => leaves.get(leaf) ?? leaf;
