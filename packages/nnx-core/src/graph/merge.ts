/** @file Makes a model from its definition and its values. */
import { describe, StructureError } from "../errors.ts";
import { checkState, stateIn } from "../state/check-state.ts";
import type { PureState } from "../state/pure.ts";
import type { StateNode } from "../state/state.ts";
import { checkGraphDef, isGraphDefLike } from "./check-graph-def.ts";
import { conform } from "./conform.ts";
import { equalGraphDefs } from "./equal.ts";
import type { GraphDef } from "./graph-def.ts";
import { type GraphState, isGraphState } from "./graph-state.ts";
import { onlyLeaf } from "./leaves-of-definition.ts";
import { unflatten } from "./unflatten.ts";

/**
 * Makes the model again from new objects. No constructor runs. Shared parts are shared again. The
 * States do not change. If several have a leaf at the same path, the last one counts. Values
 * without types, as `toPure` gives them, get their types from the GraphDef. Also accepts what
 * `unpack` returned.
 * @param graphdef - What the model is, from `split`.
 * @param state - The values, whole or the first part of them.
 * @param states - The other parts.
 * @throws {@link StructureError} naming the paths, when the States together do not have exactly the
 * model's leaves; for GraphStates of different models; and for classes with native `#private`
 * members.
 * @see Flax `nnx.merge` (which fits by order where we fit by path)
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const [graphdef, state] = nnx.split(model);
 * nnx.merge(graphdef, state).forward(tf.ones([2, 4])).shape; // => [2, 3]
 * ```
 */
export function merge<M>(
  graphdef: GraphDef<M>,
  state: StateNode | PureState,
  ...states: readonly (StateNode | PureState)[]
): M;
export function merge<M>(graphState: GraphState<M>, ...graphStates: readonly GraphState<M>[]): M;
export function merge<M>(
  first: GraphDef<M> | GraphState<M>,
  ...rest: readonly (StateNode | PureState | GraphState<M>)[]
): M {
  if (isGraphState(first)) return mergeGraphStates(first, rest);
  if (!isGraphDefLike(first)) {
    throw new StructureError(
      `merge: expected a GraphDef as the first argument, got ${describe(first)}. Pass what split returned first.`,
    );
  }
  checkGraphDef("merge", first);
  const states = rest as readonly unknown[];
  if (states.length === 0) {
    throw new StructureError(
      "merge: expected at least one State, got none. Pass every State that split returned.",
    );
  }
  const conformed = states.map((each, i) => {
    const state = stateIn(each);
    const isState = state !== null && state !== undefined && typeof state !== "function";
    // The value of a model that is one leaf may be anything.
    if (isState && (typeof state === "object" || onlyLeaf(first))) return conform("merge", first, state);
    throw new StructureError(
      `merge: expected a State as argument ${i + 1}, got ${describe(each)}. Pass what split returned.`,
    );
  });
  return unflatten(first, conformed);
}

function mergeGraphStates<M>(first: GraphState<M>, rest: readonly unknown[]): M {
  checkGraphDef("merge", first.graphdef);
  const states = rest.map((each, i) => {
    if (!isGraphState(each)) {
      throw new StructureError(
        `merge: expected a GraphState as argument ${i + 1}, got ${describe(each)}. Pass what unpack returned, and only that.`,
      );
    }
    if (!equalGraphDefs(each.graphdef, first.graphdef)) {
      throw new StructureError(
        `merge: expected GraphStates of one GraphDef, got another one's as argument ${i + 1}. Pass what one call of unpack returned.`,
      );
    }
    return checkState("merge", each.state);
  });
  return unflatten(first.graphdef, [checkState("merge", first.state), ...states]);
}
