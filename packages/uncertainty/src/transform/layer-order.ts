/** @file Which layer of a model comes first. */
import { GraphNode, iterNodes, Param } from "@nnxjs/nnx-core";
import { entriesOf, isContainer } from "./slots.ts";

/**
 * How layers are ordered. `"definition"`: as attributes were assigned, mostly the order of computation. `"graph"`: sorted by path, as
 * `iterModules` goes and Flax does. A model from `merge`, `clone` or a checkpoint has lost the first: both are the second then.
 */
export type LayerOrder = "definition" | "graph";

/** The modules of a model that hold Params themselves, each once, children before parents. */
export function layersOf(model: object, order: LayerOrder): GraphNode[] {
  const nodes = order === "graph" ? [...iterNodes(model)].map(([, node]) => node) : definedNodes(model);
  return nodes.filter((node): node is GraphNode => node instanceof GraphNode && holdsParams(node));
}

function definedNodes(root: object): object[] {
  const found: object[] = [];
  const seen = new Set<object>();
  const visit = (x: unknown): void => {
    if (!(x instanceof GraphNode || isContainer(x)) || seen.has(x)) return;
    seen.add(x);
    for (const [, value] of entriesOf(x)) visit(value);
    found.push(x);
  };
  visit(root);
  return found;
}

const holdsParams = (holder: object): boolean =>
  entriesOf(holder).some(([, value]) => value instanceof Param || (isContainer(value) && holdsParams(value)));
