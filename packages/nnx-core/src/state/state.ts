/** @file A model's values as plain, immutable data. */
import { isArrayLike, type ArrayLike } from "../data/array-like.ts";
import { isPlainObject } from "../data/plain-object.ts";
import type { PathPart } from "../path.ts";
import { readObserver } from "../variable/observer.ts";
import { isVariableState, type VariableState } from "../variable/variable-state.ts";
import { unwatched } from "../variable/watched-leaf.ts";

/**
 * An array without a Variable. It has none of the properties of a {@link VariableState}. They are
 * declared as optional, so that code can test any leaf for them.
 */
export type ArrayLeaf = ArrayLike & {
  readonly type?: never;
  readonly value?: never;
  readonly metadata?: never;
};

/** A leaf of a State: the state of a Variable, or an array without a Variable. */
export type StateLeaf = VariableState | ArrayLeaf;

/** A State, a subtree or a leaf. */
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
 * The type of States that functions return: the caller may dispose it. Functions accept any State
 * as an argument.
 */
export type OwnedState<S = State> = { [K in keyof (S & Disposable)]: (S & Disposable)[K] };

/** Whether `x` is a leaf of a State rather than a subtree. */
export const isLeaf = (x: unknown): x is StateLeaf => isVariableState(x) || isArrayLike(x);

/** Whether `x` is a subtree of a State, or a plain object of values that may become one. */
export const isSubtree = (x: unknown): x is Readonly<Record<string, unknown>> =>
  isPlainObject(x) && !isVariableState(x);

/** The type of a leaf's value. */
export type LeafValue<L> = L extends { readonly metadata: unknown; readonly value: infer T } ? T : L;

/**
 * Returns the value of a leaf: the value of its Variable, or the array itself if there was no
 * Variable.
 * @typeParam T - The type of the value, if you know more than the leaf's type says.
 * @param leaf - A leaf of a State: a Variable's state, or a bare array.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const entries = nnx.flattenState(nnx.state(model, nnx.Param));
 * entries.map(([, leaf]) => nnx.leafValue<tf.Tensor>(leaf).shape); // => [[3], [4, 3]]
 * ```
 */
export function leafValue<L extends StateLeaf>(leaf: L): LeafValue<L>;
export function leafValue<T>(leaf: StateLeaf): T;
export function leafValue(leaf: StateLeaf): unknown {
  return isVariableState(leaf) ? leaf.value : leaf;
}

/** The value of a leaf for code that only holds or moves it, which does not count as reading it. */
export const heldValue = (leaf: StateLeaf): unknown =>
  // Without an observer, nobody asks.
  leafValue(readObserver && isVariableState(leaf) ? unwatched(leaf) : leaf);

/** The child of a subtree under an own key. */
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

/** Writes an own key of an object, also when it is called `__proto__`. */
export function setOwn(subtree: Record<string, StateNode>, key: PathPart, value: StateNode): void {
  if (key === "__proto__")
    Object.defineProperty(subtree, key, { value, writable: true, enumerable: true, configurable: true });
  else subtree[key] = value;
}
