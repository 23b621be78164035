/** @file A State with the same paths and other values. */
import type { Path } from "../path.ts";
import { isVariableState } from "../variable/variable-state.ts";
import { flattenState, unflattenState } from "./flatten-state.ts";
import { leafValue, type State, type StateLeaf } from "./state.ts";

/** Each leaf through `f`. @see Flax `nnx.map_state` */
export const mapState = (f: (path: Path, leaf: StateLeaf) => StateLeaf, state: State): State =>
  unflattenState(flattenState(state).map(([path, leaf]) => [path, f(path, leaf)] as const));

/** A leaf with another value: type and metadata stay. */
export const withValue = (leaf: StateLeaf, value: unknown): StateLeaf =>
  isVariableState(leaf) ? Object.freeze({ ...leaf, value }) : (value as StateLeaf);

/** Each value (the tensor itself) through `f`; types and metadata stay. @see `jax.tree.map` over a State */
export const mapValues = (f: (value: never, path: Path) => unknown, state: State): State =>
  mapState((path, leaf) => withValue(leaf, f(leafValue(leaf) as never, path)), state);
