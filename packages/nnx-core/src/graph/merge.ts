/** @file A model from its definition and its values. */
import { describe, StructureError } from "../errors.ts";
import { disposeState, StatesBuilder } from "../state/builder.ts";
import type { StateNode } from "../state/state.ts";
import { Variable } from "../variable/variable.ts";
import { equalGraphDefs } from "./equal.ts";
import { GraphWalk } from "./flatten.ts";
import { type GraphDef, isGraphDef } from "./graph-def.ts";
import { type GraphState, isGraphState } from "./graph-state.ts";
import { leafOf, take } from "./split.ts";
import { unflatten } from "./unflatten.ts";
import { markAsView } from "./views.ts";

/**
 * The model again: new objects, no constructor runs, what was shared is shared. The States stay as they are. Where several have a leaf at one
 * path, the last one's counts; a value without a Variable around it becomes one as the GraphDef says. Also takes what `unpack` returned.
 * @throws {@link StructureError} naming the paths, when the States together do not have exactly the model's leaves; for GraphStates of
 * different models; and for classes with native `#private` members.
 * @see Flax `nnx.merge` (which fits by order where we fit by path)
 */
export function merge<M>(graphdef: GraphDef<M>, state: StateNode, ...states: readonly StateNode[]): M;
export function merge<M>(graphState: GraphState<M>, ...graphStates: readonly GraphState<M>[]): M;
export function merge<M>(
  first: GraphDef<M> | GraphState<M>,
  ...rest: readonly (StateNode | GraphState<M>)[]
): M {
  if (isGraphState(first)) return mergeGraphStates(first, rest);
  if (!isGraphDef(first)) {
    throw new StructureError(
      `merge: expected a GraphDef as the first argument, got ${describe(first)}. Pass what split returned first.`,
    );
  }
  const states = rest as readonly unknown[];
  if (states.length === 0) {
    throw new StructureError(
      "merge: expected at least one State, got none. Pass every State that split returned.",
    );
  }
  states.forEach((each, i) => {
    if (typeof each === "object" && each !== null && !isGraphState(each)) return;
    throw new StructureError(
      `merge: expected a State as argument ${i + 1}, got ${describe(each)}. Pass what split returned.`,
    );
  });
  return unflatten(first, states as readonly StateNode[]);
}

function mergeGraphStates<M>(first: GraphState<M>, rest: readonly unknown[]): M {
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
    return each.state;
  });
  return unflatten(first.graphdef, [first.state, ...states]);
}

/** How a model is copied. */
export interface CloneOptions {
  /** New Variables; `false` makes new modules around the original's own Variables. @defaultValue true */
  variables?: boolean;
}

/**
 * A copy that shares no module and no Variable with the original, only tensors, and those only until one of them is replaced. With
 * `{ variables: false }` it shares the Variables: a view, which owns nothing, so that disposing it does nothing. Static attributes are shared
 * by reference.
 * @see Flax `nnx.clone`
 */
export function clone<M>(node: M, { variables = true }: CloneOptions = {}): M {
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
    return markAsView(unflatten(def, states, () => originals[next++]));
  } finally {
    for (const each of states) disposeState(each);
  }
}
