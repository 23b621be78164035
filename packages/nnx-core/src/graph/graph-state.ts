/** @file A definition and a State in one object. */
import { disposeSymbol } from "../data/dispose-symbol.ts";
import type { Filter } from "../filter/filter.ts";
import { disposeState } from "../state/builder.ts";
import type { OwnedState } from "../state/state.ts";
import { isGraphDefLike } from "./check-graph-def.ts";
import type { GraphDef } from "./graph-def.ts";
import { take } from "./split.ts";

/** A State with the definition that it belongs to; frozen. @see Flax `nnx.GraphState` */
export interface GraphState<out M = unknown> extends Disposable {
  readonly graphdef: GraphDef<M>;
  readonly state: OwnedState;
}

/** Makes a frozen GraphState. */
export const graphStateOf = <M>(graphdef: GraphDef<M>, state: OwnedState): GraphState<M> =>
  Object.freeze({ graphdef, state, [disposeSymbol]: () => disposeState(state) });

/** Whether `x` is what {@link unpack} returned, or looks like it. */
export const isGraphState = (x: unknown): x is GraphState =>
  typeof x === "object" && x !== null && "graphdef" in x && isGraphDefLike(x.graphdef) && "state" in x;

/** The result of {@link unpack}: one GraphState, or with several filters one for each. */
export type GraphStates<M, Fs extends readonly Filter[]> = Fs extends readonly []
  ? GraphState<M>
  : Fs extends readonly [Filter]
    ? GraphState<M>
    : { -readonly [K in keyof Fs]: GraphState<M> };

/**
 * As `split`, but returns each State together with the definition: one GraphState, or with several
 * filters one for each.
 * @param node - The model.
 * @throws {@link FilterError} when a leaf matches no filter.
 * @see Flax `nnx.unpack`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.BatchNorm(3, { rngs: new nnx.Rngs(0) });
 * const [params, stats] = nnx.unpack(model, nnx.Param, nnx.BatchStat);
 * [Object.keys(params.state), Object.keys(stats.state)]; // => [["bias", "scale"], ["mean", "var"]]
 * ```
 */
export function unpack<M extends object, const Fs extends readonly Filter[]>(
  node: M,
  ...filters: Fs
): GraphStates<M, Fs> {
  const [graphdef, states] = take("unpack", node, filters);
  const made = states.map((state) => graphStateOf(graphdef, state));
  return (made.length === 1 ? made[0] : made) as GraphStates<M, Fs>;
}
