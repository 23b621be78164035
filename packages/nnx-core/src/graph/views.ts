/** @file Which modules share their Variables with a model that owns them. */
import { GraphNode } from "./node.ts";
import { nodesOf } from "./iterate.ts";

const views = new WeakSet<object>();

/** Marks all nodes below a new view. */
export function markAsView<M>(view: M): M {
  for (const node of nodesOf(view)) if (node instanceof GraphNode) views.add(node);
  return view;
}

/** Whether the node only shows another model's Variables. */
export const isView = (node: object): boolean => views.has(node);
