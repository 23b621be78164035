/** @file Converts States to nested values by name, without types and metadata, and back. */
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
 * Returns the values of a State in nested plain objects, without types and metadata. The result
 * does not hold the tensors; they still belong to the State.
 * @typeParam T - What you know that the values are, such as `tf.Tensor`.
 * @param given - Any State.
 * @see Flax `nnx.to_pure_dict`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const pure = nnx.toPure<tf.Tensor>(nnx.state(model));
 * (pure.kernel as tf.Tensor).shape; // => [4, 3]
 * ```
 */
export function toPure<T = unknown>(given: StateNode): PureState<T> {
  const state = checkState("toPure", given);
  // The State of a Variable is its leaf, so the value is the whole result.
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
 * Returns the State with values replaced by those of nested plain objects (or arrays, by index).
 * Types and metadata stay. Leaves that `pure` does not contain stay, too.
 * @param given - The State, which stays as it is.
 * @throws {@link StructureError} when `pure` has something where the State has no leaf.
 * @see Flax `nnx.replace_by_pure_dict`, which changes the State in place
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(2, 1, { rngs: new nnx.Rngs(0) });
 * const next = nnx.replaceByPure(nnx.state(model), { bias: tf.tensor1d([7]) });
 * nnx.update(model, next);
 * Array.from(model.bias!.value.dataSync()); // => [7]
 * ```
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

/** Whether `x` may replace a subtree: an object literal, or a list whose indices are the keys. */
const isObject = (x: unknown): x is object => Array.isArray(x) || isPlainObject(x);

/** The value given for a leaf. If it is a leaf of another State, the value of that leaf. */
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

/** A part of the State and the value given for it. */
interface Given extends Place {
  readonly node: StateNode;
  readonly value: unknown;
}

const misplaced = (given: Given, expected: string, got: unknown): StructureError =>
  new StructureError(
    `replaceByPure at ${formatPath(pathOf(given))}: expected ${expected}, got ${describe(got)}. ` +
      "Pass values in the structure that toPure gives, of the same model.",
  );
