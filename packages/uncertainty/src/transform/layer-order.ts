/** @file Which layer of a model comes first. */
import { GraphNode, Param } from "@nnxjs/nnx-core";
import { nodesOf, ownVariables } from "@nnxjs/nnx-core/internal";

/**
 * How layers are ordered. `"definition"`: as attributes were assigned, mostly the order of
 * computation. `"graph"`: sorted by path, as `iterModules` goes and Flax does. A model from
 * `merge`, `clone` or a checkpoint has lost the first: both are the second then.
 */
export type LayerOrder = "definition" | "graph";

/** The modules of a model that hold Params themselves, each once, children before parents. */
export function layersOf(model: object, order: LayerOrder): GraphNode[] {
  const nodes = [...nodesOf(model, order === "graph" ? "sorted" : "defined")];
  return nodes.filter(
    (node): node is GraphNode =>
      node instanceof GraphNode && ownVariables(node).some((variable) => variable instanceof Param),
  );
}
