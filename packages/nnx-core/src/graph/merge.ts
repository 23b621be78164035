/** @file A model from its definition and its values. */
import { checkOptions } from "../data/options.ts";
import { describe, StructureError } from "../errors.ts";
import { disposeState, StatesBuilder } from "../state/builder.ts";
import { checkState, stateIn } from "../state/check-state.ts";
import type { PureState } from "../state/pure.ts";
import type { StateNode } from "../state/state.ts";
import { Variable } from "../variable/variable.ts";
import { checkGraphDef, isGraphDefLike } from "./check-graph-def.ts";
import { conform } from "./conform.ts";
import { equalGraphDefs } from "./equal.ts";
import { GraphWalk } from "./flatten.ts";
import type { GraphDef } from "./graph-def.ts";
import { type GraphState, isGraphState } from "./graph-state.ts";
import { leafOf, take } from "./split.ts";
import { newParts, unflatten } from "./unflatten.ts";
import { markAsView } from "./views.ts";

/**
 * The model again: new objects, no constructor runs, what was shared is shared. The States stay as
 * they are. Where several have a leaf at one path, the last one's counts; values without types, as
 * `toPure` gives them, become what the GraphDef says. Also takes what `unpack` returned.
 * @throws {@link StructureError} naming the paths, when the States together do not have exactly the
 * model's leaves; for GraphStates of different models; and for classes with native `#private`
 * members.
 * @see Flax `nnx.merge` (which fits by order where we fit by path)
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
    if (isState && (typeof state === "object" || isOneLeaf(first))) return conform("merge", first, state);
    throw new StructureError(
      `merge: expected a State as argument ${i + 1}, got ${describe(each)}. Pass what split returned.`,
    );
  });
  return unflatten(first, conformed);
}

/** Whether the whole model is a Variable, whose State is a leaf and whose value may be anything. */
const isOneLeaf = ({ root, nodes }: GraphDef): boolean =>
  root.kind === "node" ? nodes[root.index]?.kind === "variable" : root.kind === "leaf";

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

/** How a model is copied. */
export interface CloneOptions {
  /**
   * New Variables; `false` makes new modules around the original's own Variables.
   * @defaultValue true
   */
  variables?: boolean;
}

/**
 * A copy that shares no module and no Variable with the original, only tensors, and those only
 * until one of them is replaced. With `{ variables: false }` it shares the Variables: a view, which
 * owns nothing, so that disposing it does nothing. Static attributes are shared by reference.
 * @see Flax `nnx.clone`
 */
export function clone<M>(node: M, options: CloneOptions = {}): M {
  checkOptions<CloneOptions>("clone", options, { variables: true });
  const { variables = true } = options;
  if (!variables) return cloneAround(node);
  const [def, values] = take("clone", node, [], { exhaustive: true });
  try {
    return unflatten(def, values);
  } finally {
    for (const each of values) disposeState(each);
  }
}

/** New modules around the original's Variables and arrays. */
function cloneAround<M>(node: M): M {
  const originals: Variable[] = [];
  const builder = new StatesBuilder(1);
  const def = new GraphWalk({
    enter: (key) => builder.enter(key),
    leaf: (key, value) => {
      if (value instanceof Variable) originals.push(value);
      builder.put(0, key, leafOf(value));
    },
    exit: () => builder.exit(),
  }).run(node);
  const states = builder.finish();
  let next = 0;
  try {
    // Variables are made in the order in which the walk met them.
    const variable = (): unknown => originals[next++];
    // A view owns nothing: its States share the tensors of the original's, and hold none.
    return markAsView(unflatten(def, states, { ...newParts, variable, state: Object.freeze }));
  } finally {
    for (const each of states) disposeState(each);
  }
}
