/** @file A State with the same paths and other values. */
import type { Path } from "../path.ts";
import { isVariableState } from "../variable/variable-state.ts";
import { StatesBuilder } from "./builder.ts";
import { leafValue, requireLeaf, type OwnedState, type State, type StateLeaf } from "./state.ts";
import { walkState } from "./walk-state.ts";

/**
 * Each leaf through `f`. Where `f` returns the leaf it got, the State's own subtrees stay.
 * @throws {@link StructureError} when `f` returns something else than a leaf.
 * @see Flax `nnx.map_state`
 */
export function mapState(f: (path: Path, leaf: StateLeaf) => StateLeaf, state: State): OwnedState {
  const builder = new StatesBuilder(1, [state]);
  walkState(state, {
    enter: (key) => builder.enter(key),
    leaf: (key, leaf) => {
      const path = builder.pathTo(key);
      builder.put(0, key, requireLeaf("mapState", path, f(path, leaf)));
    },
    exit: () => builder.exit(),
  });
  return builder.finish()[0] as OwnedState;
}

/** A leaf with another value: type and metadata stay. The same value gives the same leaf. */
export function withValue(leaf: StateLeaf, value: unknown): StateLeaf {
  if (value === leafValue(leaf)) return leaf;
  return isVariableState(leaf) ? Object.freeze({ ...leaf, value }) : (value as StateLeaf);
}

/** Each value (the tensor itself) through `f`; types and metadata stay. @see `jax.tree.map` over a State */
export const mapValues = (f: (value: never, path: Path) => unknown, state: State): OwnedState =>
  mapState((path, leaf) => withValue(leaf, f(leafValue(leaf) as never, path)), state);
