/** @file Finds the paths of a definition's nodes. */
import type { Path, PathPart } from "../path.ts";
import type { AttributeDef, GraphDef, NodeDef } from "./graph-def.ts";

/** The first path of a node of a definition. */
export function pathOfNode({ nodes }: GraphDef, index: number): Path {
  const path: PathPart[] = [];
  let at = index;
  // Nodes are numbered in the order of the walk, which goes depth first. So the node on whose path
  // this one was met first is the last one with a smaller number that refers to it.
  for (let owner = at - 1; owner >= 0 && at > 0; owner--) {
    const node = nodes[owner] as NodeDef;
    if (node.kind === "variable") continue;
    const i = node.attributes.findIndex((def: AttributeDef) => def.kind === "node" && def.index === at);
    if (i < 0) continue;
    path.push(node.keys[i] as PathPart);
    at = owner;
  }
  return path.reverse();
}
