/** @file Takes leaves out of a model. */
import { describe, FilterError, StructureError } from "../errors.ts";
import type { Filter } from "../filter/filter.ts";
import { formatPath, type PathPart } from "../path.ts";
import { StatesBuilder } from "../state/builder.ts";
import { isStateLike } from "../state/check-state.ts";
import { Selection } from "../state/select.ts";
import type { OwnedState, State, StateLeaf } from "../state/state.ts";
import type { StateOf, StatesFor } from "../state/state-of.ts";
import { walkState } from "../state/walk-state.ts";
import { Variable } from "../variable/variable.ts";
import type { LeafValue } from "./flatten.ts";
import { nodesOf } from "./iterate.ts";
import { classify, isWritable, removeChild, setChild } from "./node.ts";
import { Walk } from "./walk.ts";

/** Makes the leaf for a value that `pop` removes. An array belongs to the State alone then. */
const takenLeaf = (value: LeafValue): StateLeaf => (value instanceof Variable ? value.toState() : value);

/**
 * Removes the attributes whose leaves match the filters from the model, and returns the leaves in
 * one State for each filter. Each leaf goes to the first filter that matches. Filters need not
 * cover everything. Static values never match. A shared Variable is removed only at the first path
 * that matches. If the model does not have a removed Variable at any other path, the Variable is
 * disposed, and its value belongs to the State.
 * @param node - The model.
 * @param filter - Selects what is removed.
 * @throws {@link FilterError} without a filter, {@link StructureError} when an item of an array or
 * of a frozen object matches; nothing is removed then.
 * @see Flax `nnx.pop`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * class Net extends nnx.Module {
 *   readonly linear = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 *   readonly last = new nnx.Cache(tf.zeros([4]));
 * }
 * const model = new Net();
 * const caches = nnx.pop(model, nnx.Cache);
 * [Object.keys(caches), Object.keys(nnx.state(model))]; // => [["last"], ["linear"]]
 * nnx.dispose(caches);
 * ```
 */
export function pop<M extends object, const F extends Filter>(node: M, filter: F): OwnedState<StateOf<M, F>>;
export function pop<M extends object, const Fs extends readonly [Filter, Filter, ...Filter[]]>(
  node: M,
  ...filters: Fs
): StatesFor<M, Fs>;
export function pop(node: object, ...filters: readonly Filter[]): unknown {
  if (filters.length === 0) {
    throw new FilterError("pop: expected at least one filter, got none. Pass `true` to remove every leaf.");
  }
  const kind = classify(node);
  if (kind !== "node" && kind !== "container") {
    throw new StructureError(
      `pop: expected a module or a container of modules, got ${describe(node)}. Pass the model first.`,
    );
  }
  const selection = new Selection("pop", filters, takenLeaf, { exhaustive: false, anyOrder: true });
  const removals: (() => void)[] = [];
  const removed = new Set<Variable>();
  const seen = new Set<unknown>();
  const walk = new Walk(node);
  while (walk.next()) {
    const { owner, key, value: child } = walk;
    if (walk.kind === "left") {
      if (owner) selection.exit();
      continue;
    }
    if (walk.kind === "static" || (walk.kind !== "leaf" && seen.has(child))) continue;
    if (owner === undefined) {
      seen.add(child);
      walk.enter();
    } else if (walk.kind === "variable" || walk.kind === "leaf") {
      if (!selection.leaf(walk.part, child as LeafValue)) continue;
      if (Array.isArray(owner.value)) throw inArray(walk.path());
      if (Object.isFrozen(owner.value) && !(owner.value instanceof Map)) throw inFrozen(walk.path());
      if (child instanceof Variable) {
        // A Variable that no filter took is not added, so it is tested again at its next path.
        seen.add(child);
        removed.add(child);
      }
      removals.push(() => removeChild(owner.value, key));
    } else if (isStateLike(child)) {
      const rest = popState(selection, walk.part, child);
      if (!rest) continue;
      if (!isWritable(owner.value, key)) throw inFrozen(walk.path());
      removals.push(() => setChild(owner.value, key, rest()));
    } else {
      seen.add(child);
      walk.enter();
      selection.enter(walk.part);
    }
  }
  const states = selection.finish();
  for (const remove of removals) remove();
  disposeUnreachable(node, removed);
  return states.length === 1 ? states[0] : states;
}

/**
 * Takes leaves of a State that the model keeps.
 * @returns a function that makes the State of the remaining leaves, or `undefined` if no leaf was
 * taken.
 */
function popState(selection: Selection<LeafValue>, part: PathPart, kept: State): (() => State) | undefined {
  const rest = new StatesBuilder(1, [kept]);
  const taken = { any: false };
  selection.enter(part);
  walkState(kept, {
    enter: (key) => {
      selection.enter(key);
      rest.enter(key);
    },
    leaf: (key, leaf) => {
      if (selection.leaf(key, leaf)) taken.any = true;
      else rest.put(0, key, leaf);
    },
    exit: () => {
      selection.exit();
      rest.exit();
    },
  });
  selection.exit();
  return taken.any ? () => rest.finish()[0] as State : undefined;
}

function disposeUnreachable(root: object, variables: Set<Variable>): void {
  if (variables.size === 0) return;
  for (const node of nodesOf(root)) variables.delete(node as Variable);
  for (const variable of variables) variable.dispose();
}

const inFrozen = (path: readonly PathPart[]): StructureError =>
  new StructureError(
    `pop at ${formatPath(path)}: expected an attribute that can be removed, got one of a frozen object. ` +
      "Leave objects that hold Variables unfrozen, or filter the values with state.",
  );

const inArray = (path: readonly PathPart[]): StructureError =>
  new StructureError(
    `pop at ${formatPath(path)}: expected a leaf of a module, object or Map, got an item of an array. ` +
      "Removing it would shift its neighbours' paths: put it in an object, or take it out of the array yourself.",
  );
