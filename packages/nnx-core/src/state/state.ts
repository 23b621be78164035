/** @file A model's values as plain, immutable data. */
import { isArrayLike, type ArrayLike } from "../array-like.ts";
import { isVariableState, type VariableState } from "../variable/variable-state.ts";

/** What a State ends in: what a Variable left, or an array that has no Variable around it. */
export type StateLeaf = VariableState | ArrayLike;

/** A State or what it consists of. */
export type StateNode = State | StateLeaf;

/**
 * The values of a model (or of a part of it) by path: nested, frozen, plain objects. It never changes, and no change of the model
 * changes it; unchanged parts of derived States are identical objects.
 *
 * It holds its tensors: dispose it (`nnx.dispose(state)` or `using`) after its last use, or leave that to the garbage
 * collector.
 * @see Flax `nnx.State`
 */
export interface State {
  readonly [key: string]: StateNode;
}

/** Whether `x` is a leaf of a State rather than a subtree. */
export const isLeaf = (x: StateNode): x is StateLeaf => isVariableState(x) || isArrayLike(x);

/** What a leaf holds: a Variable's value, or the array itself. */
export const leafValue = (leaf: StateLeaf): unknown => (isVariableState(leaf) ? leaf.value : leaf);
