/** @file A model's values as plain, immutable data. */
import { isArrayLike, type ArrayLike } from "../data/array-like.ts";
import { isPlainObject } from "../data/plain-object.ts";
import type { PathPart } from "../path.ts";
import { isVariableState, type VariableState } from "../variable/variable-state.ts";

/**
 * An array that has no Variable around it: none of the properties of a {@link VariableState} is
 * there, but they may be asked for.
 */
export type ArrayLeaf = ArrayLike & {
  readonly type?: never;
  readonly value?: never;
  readonly metadata?: never;
};

/** What a State ends in: what a Variable left, or an array that has no Variable around it. */
export type StateLeaf = VariableState | ArrayLeaf;

/** A State or what it consists of. */
export type StateNode = State | StateLeaf;

/**
 * The values of a model (or of a part of it) by path: nested, frozen, plain objects. It never
 * changes, and no change of the model changes it; unchanged parts of derived States are identical
 * objects.
 *
 * It holds its tensors: dispose it (`nnx.dispose(state)` or `using`) after its last use, or leave
 * that to the garbage collector.
 * @see Flax `nnx.State`
 */
export interface State {
  readonly [key: string]: StateNode;
}

/**
 * A State as functions return it: whoever gets it may dispose it. Any State is taken as an
 * argument.
 */
export type OwnedState<S = State> = { [K in keyof (S & Disposable)]: (S & Disposable)[K] };

/** Whether `x` is a leaf of a State rather than a subtree. */
export const isLeaf = (x: unknown): x is StateLeaf => isVariableState(x) || isArrayLike(x);

/** Whether values by name are a part of a State, or of what may become one. */
export const isSubtree = (x: unknown): x is Readonly<Record<string, unknown>> =>
  isPlainObject(x) && !isVariableState(x);

/** The type of what a leaf holds. */
export type LeafValue<L> = L extends { readonly metadata: unknown; readonly value: infer T } ? T : L;

/**
 * What a leaf of a State holds: the value that its Variable had, or the array itself where there
 * was no Variable.
 * @typeParam T - What you know that it is, where the leaf's type does not say.
 * @example
 * ```ts
 * const entries = nnx.flattenState(nnx.state(model, nnx.Param));
 * const shapes = entries.map(([, leaf]) => nnx.leafValue<tf.Tensor>(leaf).shape);
 * ```
 */
export function leafValue<L extends StateLeaf>(leaf: L): LeafValue<L>;
export function leafValue<T>(leaf: StateLeaf): T;
export function leafValue(leaf: StateLeaf): unknown {
  return isVariableState(leaf) ? leaf.value : leaf;
}

/** What a subtree has under a key of its own. */
export function childOf(subtree: State, key: PathPart): StateNode | undefined {
  const child: unknown = subtree[key];
  // Attributes may be called `constructor` or `__proto__`, which every object inherits.
  return typeof child === "object" && child !== null && (key !== "__proto__" || Object.hasOwn(subtree, key))
    ? (child as StateNode)
    : undefined;
}

/** As {@link childOf}; nothing for leaves. */
export const below = (node: StateNode | undefined, key: PathPart): StateNode | undefined =>
  node === undefined || isLeaf(node) ? undefined : childOf(node, key);

/** Writes a key of an object's own, whatever it is called. */
export function setOwn(subtree: Record<string, StateNode>, key: PathPart, value: StateNode): void {
  if (key === "__proto__")
    Object.defineProperty(subtree, key, { value, writable: true, enumerable: true, configurable: true });
  else subtree[key] = value;
}
