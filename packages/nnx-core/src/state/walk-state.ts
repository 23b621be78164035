/** @file Visits the leaves of a State without recursion, and without making a path for each. */
import type { PathPart } from "../path.ts";
import { sortedParts } from "../data/sorted-parts.ts";
import { refuseEnded } from "./holding.ts";
import { isLeaf, type State, type StateLeaf, type StateNode } from "./state.ts";

/** The callbacks of {@link walkState}. */
export interface StateVisitor {
  enter(key: PathPart): void;
  /** @param key - Missing for the State of a Variable, which is its leaf. */
  leaf(key: PathPart | undefined, leaf: StateLeaf): void;
  exit(): void;
}

/** A subtree that is not left yet. */
interface Entered {
  readonly node: State;
  readonly keys: readonly PathPart[];
  readonly parent: Entered | undefined;
  next: number;
}

/** Visits the leaves in Flax's order. */
export function walkState(state: StateNode, visitor: StateVisitor): void {
  refuseEnded("State", state);
  if (isLeaf(state)) {
    visitor.leaf(undefined, state);
    return;
  }
  let frame: Entered | undefined = entered(state, undefined);
  while (frame) {
    const key: PathPart | undefined = frame.keys[frame.next++];
    if (key === undefined) {
      frame = frame.parent;
      if (frame) visitor.exit();
      continue;
    }
    const child = frame.node[key] as StateNode;
    if (isLeaf(child)) visitor.leaf(key, child);
    else {
      visitor.enter(key);
      frame = entered(child, frame);
    }
  }
}

const entered = (node: State, parent: Entered | undefined): Entered => ({
  node,
  keys: sortedParts(Object.keys(node)),
  parent,
  next: 0,
});
