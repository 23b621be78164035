/** @file Splits a model into its definition and its values. */
import type { Filter } from "../filter/filter.ts";
import { leaveToModules } from "../ownership/lease.ts";
import { Selection } from "../state/select.ts";
import type { SplitStates, StateOf, StatesFor } from "../state/state-of.ts";
import type { OwnedState, StateLeaf } from "../state/state.ts";
import { isVariableState } from "../variable/variable-state.ts";
import { Variable } from "../variable/variable.ts";
import { GraphWalk, type LeafValue } from "./flatten.ts";
import type { GraphDef } from "./graph-def.ts";
import { lastStates, rememberStates } from "./snapshots.ts";

/** Makes the State's leaf for a value of the model. */
function leafOf(value: LeafValue): StateLeaf {
  if (value instanceof Variable) return value.toState();
  if (isVariableState(value)) return value;
  leaveToModules(value);
  return value;
}

/** Makes the definition and a State for each filter, in one walk. */
export function take<M>(
  where: string,
  node: M,
  filters: readonly Filter[],
  exhaustive = true,
): [GraphDef<M>, OwnedState[]] {
  const wanted = filters.length > 0 ? filters : everything;
  const isObject = typeof node === "object" && node !== null;
  const previous = isObject ? lastStates(node, wanted) : undefined;
  const selection = new Selection(where, wanted, leafOf, { exhaustive }, previous);
  const graphdef = new GraphWalk(selection).run(node);
  const states = selection.finish();
  if (isObject) rememberStates(node, wanted, states);
  return [graphdef, states];
}

const everything: readonly Filter[] = [true];

/**
 * Splits a model into its definition and its values: one State for each filter, or one State of
 * everything. Each leaf goes to the first filter that matches. The States are snapshots: they share
 * the tensors, and do not change when the model changes. Subtrees that did not change since the
 * last call with the same filters are the same objects.
 * @param node - A module, a Variable, or a container of these. The State of a Variable is its leaf.
 * @param filters - Must cover every leaf: end with `true`.
 * @throws {@link FilterError} when a leaf matches no filter.
 * @see Flax `nnx.split`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.BatchNorm(3, { rngs: new nnx.Rngs(0) });
 * const [graphdef, params, rest] = nnx.split(model, nnx.Param, true);
 * [Object.keys(params), Object.keys(rest)]; // => [["bias", "scale"], ["mean", "var"]]
 * const again = nnx.merge(graphdef, params, rest);
 * ```
 */
export function split<M, const Fs extends readonly Filter[]>(
  node: M,
  ...filters: Fs
): [GraphDef<M>, ...SplitStates<M, Fs>] {
  const [graphdef, states] = take("split", node, filters);
  return [graphdef, ...states] as unknown as [GraphDef<M>, ...SplitStates<M, Fs>];
}

/**
 * Makes only the definition of {@link split}.
 * @param node - The model.
 * @see Flax `nnx.graphdef`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * nnx.equalGraphDefs(nnx.graphdef(model), nnx.graphdef(nnx.clone(model))); // => true
 * ```
 */
export const graphdef = <M>(node: M): GraphDef<M> => new GraphWalk({}).run(node);

/**
 * Returns the model's values: all, those that a filter matches, or one State for each of several
 * filters. Filters need not cover everything.
 * @param node - The model.
 * @see Flax `nnx.state`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * Object.keys(nnx.state(model, nnx.Param)); // => ["bias", "kernel"]
 * ```
 */
export function state<M>(node: M): OwnedState<StateOf<M>>;
export function state<M, const F extends Filter>(node: M, filter: F): OwnedState<StateOf<M, F>>;
export function state<M, const Fs extends readonly [Filter, Filter, ...Filter[]]>(
  node: M,
  ...filters: Fs
): StatesFor<M, Fs>;
export function state(node: unknown, ...filters: readonly Filter[]): unknown {
  const [, states] = take("state", node, filters, false);
  return states.length === 1 ? states[0] : states;
}
