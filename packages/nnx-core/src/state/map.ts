/** @file A State with the same paths and other values. */
import { checkFunction } from "../data/functions.ts";
import type { Path, PathPart } from "../path.ts";
import { isVariableState } from "../variable/variable-state.ts";
import { StatesBuilder } from "./builder.ts";
import { checkState, requireLeaf } from "./check-state.ts";
import { leafValue, type OwnedState, type StateLeaf, type StateNode } from "./state.ts";
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
  const builder = new StatesBuilder(1, [whole]);
  const open: PathPart[] = [];
  walkState(whole, {
    enter: (key) => {
      open.push(key);
      builder.enter(key);
    },
    leaf: (key, leaf) => {
      const path = key === undefined ? [] : open.concat(key);
      builder.put(0, key, requireLeaf(where, path, f(path, leaf)));
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
