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
  const open: { readonly holder: object; readonly values: readonly unknown[]; next: number }[] = [];
  const enter = (x: unknown): void => {
    if (!(x instanceof GraphNode || isContainer(x)) || seen.has(x)) return;
    seen.add(x);
    open.push({ holder: x, values: entriesOf(x).map(([, value]) => value), next: 0 });
  };
  enter(root);
  for (let frame = open.at(-1); frame; frame = open.at(-1)) {
    if (frame.next < frame.values.length) enter(frame.values[frame.next++]);
    else {
      open.pop();
      found.push(frame.holder);
    }
  }
  return found;
}

const holdsParams = (holder: object): boolean =>
  entriesOf(holder).some(([, value]) => value instanceof Param || (isContainer(value) && holdsParams(value)));
