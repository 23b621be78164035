/** @file Several States as one, and what one has more than another. */
import { isVariableState } from "../variable/variable-state.ts";
import type { PathPart } from "../path.ts";
import { isPlainObject } from "../data/plain-object.ts";
import { StatesBuilder } from "./builder.ts";
import { checkState } from "./check-state.ts";
import { leavesOf } from "./flatten-state.ts";
import { makeState } from "./holding.ts";
import { below, isLeaf, leafValue, type OwnedState, setOwn, type State, type StateNode } from "./state.ts";
import { walkState } from "./walk-state.ts";

interface Frame {
  readonly first: State;
  readonly second: State;
  readonly keys: readonly string[];
  readonly merged: Record<string, StateNode>;
  readonly key: string;
  readonly parent: Frame | undefined;
  changed: boolean;
  next: number;
}

const frameOf = (first: State, second: State, key: string, parent: Frame | undefined): Frame => ({
  first,
  second,
  keys: Object.keys(second),
  merged: { ...first },
  key,
  parent,
  changed: false,
  next: 0,
});

const isSubtree = (x: unknown): x is State => isPlainObject(x) && !isVariableState(x);

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
  let frame = frameOf(first, second, "", undefined);
  for (;;) {
    const key = frame.keys[frame.next++];
    if (key !== undefined) {
      const before = Object.hasOwn(frame.first, key) ? frame.first[key] : undefined;
      const theirs = frame.second[key] as StateNode;
      if (before === theirs && before !== undefined) continue;
      if (isSubtree(before) && isSubtree(theirs)) frame = frameOf(before, theirs, key, frame);
      else {
        setOwn(frame.merged, key, theirs);
        frame.changed = true;
      }
      continue;
    }
    const done: State = frame.changed ? Object.freeze(frame.merged) : frame.first;
    const { parent } = frame;
    if (!parent) return done;
    if (frame.changed) {
      setOwn(parent.merged, frame.key, done);
      parent.changed = true;
    }
    frame = parent;
  }
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
  const builder = new StatesBuilder(1, [whole]);
  const others: (StateNode | undefined)[] = [checkState("diffState", other)];
  walkState(whole, {
    enter: (key: PathPart) => {
      others.push(below(others.at(-1), key));
      builder.enter(key);
    },
    leaf: (key, leaf) => {
      const other = others.at(-1);
      const isThere = key === undefined ? isLeaf(other) : below(other, key) !== undefined;
      if (!isThere) builder.put(0, key, leaf);
    },
    exit: () => {
      others.pop();
      builder.exit();
    },
  });
  return builder.finish()[0] as OwnedState;
}
