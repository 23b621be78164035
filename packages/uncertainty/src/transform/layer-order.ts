/** @file The order of a model's layers. */
import { GraphNode, Param } from "@nnxjs/nnx-core";
import { nodesOf, ownVariables } from "@nnxjs/nnx-core/internal";

/**
 * How to order layers. `"definition"` is the order in which attributes were assigned, usually that
 * of computation. `"graph"` sorts by path, like `iterModules` and Flax. A model from `merge`,
 * `clone` or a checkpoint has lost the order of definition; both mean the order of the graph then.
 */
export type LayerOrder = "definition" | "graph";

/** The modules of a model that hold Params directly, each once, children before parents. */
export function layersOf(model: object, order: LayerOrder): GraphNode[] {
  const nodes = [...nodesOf(model, order === "graph" ? "sorted" : "defined")];
  return nodes.filter(
    (node): node is GraphNode =>
      node instanceof GraphNode && ownVariables(node).some((variable) => variable instanceof Param),
  );
}
