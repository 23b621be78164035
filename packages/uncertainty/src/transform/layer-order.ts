/** @file The order of a model's layers. */
import { GraphNode, iterNodes, Param } from "@nnxjs/nnx-core";
import { definedParts } from "./defined-order.ts";
import { entriesOf, isContainer } from "@nnxjs/nnx-core/internal";

/**
 * How to order layers. `"definition"` is the order in which attributes were assigned, usually that
 * of computation. `"graph"` sorts by path, like `iterModules` and Flax. A model from `merge`,
 * `clone` or a checkpoint has lost the order of definition; both mean the order of the graph then.
 */
export type LayerOrder = "definition" | "graph";

/** The modules of a model that hold Params directly, each once, children before parents. */
export function layersOf(model: object, order: LayerOrder): GraphNode[] {
  const nodes =
    order === "graph"
      ? Array.from(iterNodes(model), ([, node]) => node)
      : Array.from(definedParts(model), ({ value }) => value);
  return nodes.filter((node): node is GraphNode => node instanceof GraphNode && holdsParams(node));
}

const holdsParams = (holder: object): boolean =>
  entriesOf(holder).some(([, value]) => value instanceof Param || (isContainer(value) && holdsParams(value)));
