/** @file Where the nodes of a definition are. */
import type { Path, PathPart } from "../path.ts";
import type { AttributeDef, GraphDef, NodeDef } from "./graph-def.ts";

/** The first path of a node of a definition. */
export function pathOfNode({ nodes }: GraphDef, index: number): Path {
  const path: PathPart[] = [];
  let at = index;
  // Numbers are given in the order of the walk: who met a node first is the last one before it that
  // has it.
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
