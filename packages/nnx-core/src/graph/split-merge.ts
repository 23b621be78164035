/** @file A model as definition and values, and back. */
import { describe, StructureError } from "../errors.ts";
import type { Filter } from "../filter/filter.ts";
import { disposeState } from "../state/builder.ts";
import { mergeState } from "../state/combine.ts";
import { selectStates, type StatesOf } from "../state/select.ts";
import type { State, StateLeaf } from "../state/state.ts";
import { Variable } from "../variable/variable.ts";
import { flatten, type GraphLeaf } from "./flatten.ts";
import type { GraphDef } from "./graph-def.ts";
import { unflatten } from "./unflatten.ts";

const entriesOf = (leaves: readonly GraphLeaf[]) => leaves.map(({ path, value }) => [path, value] as const);

const leafOf = (value: GraphLeaf["value"]): StateLeaf =>
  value instanceof Variable ? value.toState() : value;

/** The States that `split` returns: one for each filter, one of everything without filters. */
export type SplitStates<Fs extends readonly Filter[]> = Fs extends readonly [] ? [State] : StatesOf<Fs>;

/**
 * Splits a model into its definition and its values: one State for each filter, each leaf in the first that matches, or one State of
 * everything. The States are snapshots: they share the tensors, and stay as they are when the model changes.
 * @param node - A module, a Variable, or a container of these.
 * @param filters - Must cover every leaf: end with `true`.
 * @throws {@link FilterError} when a leaf matches no filter.
 * @see Flax `nnx.split`
 * @example
 * ```ts
 * const [graphdef, params, rest] = nnx.split(model, nnx.Param, true);
 * const again = nnx.merge(graphdef, params, rest);
 * ```
 */
export function split<M, const Fs extends readonly Filter[]>(
  node: M,
  ...filters: Fs
): [GraphDef<M>, ...SplitStates<Fs>] {
  const { graphdef, leaves } = flatten(node);
  const wanted = filters.length > 0 ? filters : [true];
  const states = selectStates("split", entriesOf(leaves), leafOf, wanted, { exhaustive: true });
  return [graphdef, ...states] as [GraphDef<M>, ...SplitStates<Fs>];
}

/**
 * The model again: new objects, no constructor runs, what was shared is shared. The States stay as they are.
 * @throws {@link StructureError} naming the paths, when the States together do not have exactly the model's leaves.
 * @see Flax `nnx.merge` (which fits by order where we fit by path)
 */
export function merge<M>(graphdef: GraphDef<M>, state: State, ...states: readonly State[]): M {
  if (typeof graphdef !== "object" || !Array.isArray(graphdef.nodes)) {
    throw new StructureError(
      `merge: expected a GraphDef as the first argument, got ${describe(graphdef)}. Pass what split returned first.`,
    );
  }
  [state, ...states].forEach((each, i) => {
    if (typeof each === "object" && each !== null) return;
    throw new StructureError(
      `merge: expected a State as argument ${i + 1}, got ${describe(each)}. Pass what split returned.`,
    );
  });
  if (states.length === 0) return unflatten(graphdef, state);
  const all = mergeState(state, ...states);
  try {
    return unflatten(graphdef, all);
  } finally {
    disposeState(all);
  }
}

/** The definition half of {@link split}. @see Flax `nnx.graphdef` */
export const graphdef = <M>(node: M): GraphDef<M> => flatten(node).graphdef;

/**
 * The model's values: all, those that a filter matches, or one State for each of several filters. Filters need not cover everything.
 * @see Flax `nnx.state`
 */
export function state(node: unknown): State;
export function state(node: unknown, filter: Filter): State;
export function state<const Fs extends readonly [Filter, Filter, ...Filter[]]>(
  node: unknown,
  ...filters: Fs
): StatesOf<Fs>;
export function state(node: unknown, ...filters: readonly Filter[]): State | State[] {
  const wanted = filters.length > 0 ? filters : [true];
  const states = selectStates("state", entriesOf(flatten(node).leaves), leafOf, wanted, {
    exhaustive: false,
  });
  return states.length === 1 ? (states[0] as State) : states;
}

/**
 * A copy that shares no module and no Variable with the original, only tensors, and those only until one of them is replaced.
 * @see Flax `nnx.clone`
 */
export function clone<M>(node: M): M {
  const [def, values] = split(node);
  try {
    return merge(def, values);
  } finally {
    disposeState(values);
  }
}
