/** @file A State with the same paths and other values. */
import { checkFunction } from "../data/functions.ts";
import type { Path, PathPart } from "../path.ts";
import { isVariableState } from "../variable/variable-state.ts";
import { StatesBuilder } from "./builder.ts";
import { checkState, requireLeaf } from "./check-state.ts";
import { leafValue, type OwnedState, type State, type StateLeaf, type StateNode } from "./state.ts";
import type { LeafIn } from "./state-of.ts";
import { walkState } from "./walk-state.ts";

/**
 * Each leaf through `f`. Where `f` returns the leaf it got, the State's own subtrees stay.
 * @throws {@link StructureError} when `f` returns something else than a leaf.
 * @see Flax `nnx.map_state`
 */
export function mapState<const S extends StateNode>(
  f: (path: Path, leaf: LeafIn<S>) => StateLeaf,
  state: S,
): OwnedState {
  // What is in a State of type S are leaves of its type.
  return mapLeaves("mapState", f as (path: Path, leaf: StateLeaf) => StateLeaf, state);
}

/** As {@link mapState}, called by another name. */
export function mapLeaves(
  where: string,
  f: (path: Path, leaf: StateLeaf) => StateLeaf,
  state: StateNode,
): OwnedState {
  checkFunction(where, f, "f, state");
  const whole = checkState(where, state);
  return leavesBeside(whole, undefined, nothing, (leaf, _, __, pathOf) => {
    const path = pathOf();
    return requireLeaf(where, path, f(path, leaf));
  });
}

const nothing = (): undefined => undefined;

/**
 * The State of what `f` makes of each leaf; those of which it makes nothing are left out. Subtrees
 * in which nothing changed stay.
 * @param start - What lies beside the root, such as another State.
 * @param below - What lies beside a subtree, from what lies beside the one around it.
 * @param f - Gets what lies beside the subtree that has the leaf.
 */
export function leavesBeside<At>(
  whole: State,
  start: At,
  below: (at: At, key: PathPart) => At,
  f: (leaf: StateLeaf, key: PathPart | undefined, at: At, path: () => Path) => StateLeaf | undefined,
): OwnedState {
  const builder = new StatesBuilder(1, [whole]);
  const open: At[] = [start];
  walkState(whole, {
    enter: (key) => {
      open.push(below(open.at(-1) as At, key));
      builder.enter(key);
    },
    leaf: (key, leaf) => {
      const made = f(leaf, key, open.at(-1) as At, () => builder.pathTo(key));
      if (made) builder.put(0, key, made);
    },
    exit: () => {
      open.pop();
      builder.exit();
    },
  });
  return builder.finish()[0] as OwnedState;
}

/** A leaf with another value: type and metadata stay. The same value gives the same leaf. */
export function withValue(leaf: StateLeaf, value: unknown): StateLeaf {
  if (value === leafValue(leaf)) return leaf;
  return isVariableState(leaf) ? Object.freeze({ ...leaf, value }) : (value as StateLeaf);
}

/**
 * Each value (the tensor itself) through `f`; types and metadata stay.
 * @see `jax.tree.map` over a State
 */
export function mapValues(f: (value: never, path: Path) => unknown, state: StateNode): OwnedState {
  checkFunction("mapValues", f, "f, state");
  return mapLeaves("mapValues", (path, leaf) => withValue(leaf, f(leafValue(leaf) as never, path)), state);
}
