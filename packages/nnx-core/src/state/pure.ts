/** @file States without types and metadata: nested values by name, as files keep them. */
import { pathOf, type Place } from "../data/place.ts";
import { describe, StructureError } from "../errors.ts";
import { formatPath, type PathPart } from "../path.ts";
import { isPlainObject } from "../data/plain-object.ts";
import { isVariableState } from "../variable/variable-state.ts";
import { checkState } from "./check-state.ts";
import { leavesBeside, withValue } from "./map.ts";
import { isLeaf, leafValue, type OwnedState, type State, type StateNode } from "./state.ts";
import { walkState } from "./walk-state.ts";

/**
 * Nested values by name.
 * @typeParam T - What the values are.
 */
export interface PureState<T = unknown> {
  readonly [key: string]: T | PureState<T>;
}

/**
 * The values of a State in nested plain objects: no types, no metadata. They belong to the State
 * still: nothing here holds a tensor.
 * @typeParam T - What you know that the values are, such as `tf.Tensor`.
 * @see Flax `nnx.to_pure_dict`
 */
export function toPure<T = unknown>(given: StateNode): PureState<T> {
  const state = checkState("toPure", given);
  // The State of a Variable is its leaf, and its value all there is.
  if (isLeaf(state)) return leafValue(state) as PureState<T>;
  const root: Record<string, unknown> = {};
  const stack: Record<string, unknown>[] = [root];
  walkState(state, {
    enter: (key) => {
      const child = {};
      define(stack.at(-1) as object, key, child);
      stack.push(child);
    },
    leaf: (key, leaf) => define(stack.at(-1) as object, key as PathPart, leafValue(leaf)),
    exit: () => {
      stack.pop();
    },
  });
  return root as PureState<T>;
}

const define = (target: object, key: string | number, value: unknown): void => {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
};

/**
 * The State with the values of nested plain objects (or arrays, by index) in the place of its own.
 * Types and metadata stay, and so do the leaves that `pure` does not mention.
 * @throws {@link StructureError} when `pure` has something where the State has no leaf.
 * @see Flax `nnx.replace_by_pure_dict`, which changes the State in place
 */
export function replaceByPure(given: StateNode, pure: PureState | readonly unknown[]): OwnedState {
  const state = checkState("replaceByPure", given);
  refuseUnknown(state, pure);
  return leavesBeside<unknown>(state, pure, itemOf, (leaf, key, values) => {
    if (key === undefined) return withValue(leaf, isVariableState(values) ? values.value : values);
    const isGiven = isObject(values) && Object.hasOwn(values, key);
    return isGiven ? withValue(leaf, itemOf(values, key)) : leaf;
  });
}

/** What may stand for a subtree: an object literal, or a list whose indices are the keys. */
const isObject = (x: unknown): x is object => Array.isArray(x) || isPlainObject(x);

/** The value that is given for a leaf; of a leaf of another State, what it holds. */
const itemOf = (container: unknown, key: string | number): unknown => {
  const item: unknown =
    isObject(container) && Object.hasOwn(container, key) ? Reflect.get(container, key) : undefined;
  return isVariableState(item) ? item.value : item;
};

function refuseUnknown(state: State, pure: unknown): void {
  const open: Given[] = [{ node: state, value: pure, part: "", parent: undefined }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, value } = next;
    if (isLeaf(node)) continue;
    if (!isObject(value)) throw misplaced(next, "an object of values", value);
    for (const [key, item] of Object.entries(value)) {
      const given = { node: node[key] as StateNode, value: item, part: key, parent: next };
      if (!Object.hasOwn(node, key)) throw misplaced(given, "paths that the State has", item);
      open.push(given);
    }
  }
}

/** What is given for a part of the State. */
interface Given extends Place {
  readonly node: StateNode;
  readonly value: unknown;
}

const misplaced = (given: Given, expected: string, got: unknown): StructureError =>
  new StructureError(
    `replaceByPure at ${formatPath(pathOf(given))}: expected ${expected}, got ${describe(got)}. ` +
      "Pass values in the structure that toPure gives, of the same model.",
  );
