/** @file A living model from a GraphDef and its State. No constructor runs. */
import { StructureError } from "../errors.ts";
import { formatPath, type Path } from "../path.ts";
import { countLeaves, flattenState } from "../state/flatten-state.ts";
import { isLeaf, type StateNode } from "../state/state.ts";
import { variableFromState } from "../variable/variable.ts";
import type { AttributeDef, GraphDef, NodeDef } from "./graph-def.ts";
import { match } from "./match.ts";
import { setChild } from "./node.ts";

/** Builds the model. @throws {@link StructureError} naming the paths that are missing or too many; nothing is built then. */
export function unflatten<M>(graphdef: GraphDef<M>, state: StateNode): M {
  const { variables, arrays, root, missing, used } = match(graphdef, state);
  if (missing.length > 0 || used !== (isLeaf(state) ? 1 : countLeaves(state)))
    throw misfit(graphdef, state, missing);
  const built = graphdef.nodes.map((def, index) => {
    const leaf = variables[index];
    return leaf ? variableFromState(leaf) : emptyNode(def);
  });
  graphdef.nodes.forEach((def, index) => {
    if (def.kind === "variable") return;
    const node = built[index] as object;
    const arraysOfNode = arrays.get(index);
    for (const [key, attribute] of def.attributes) {
      setChild(node, key, attribute.kind === "array" ? arraysOfNode?.get(key) : resolve(attribute, built));
    }
  });
  return (graphdef.root.kind === "array" ? root : resolve(graphdef.root, built)) as M;
}

function resolve(def: Exclude<AttributeDef, { kind: "array" }>, built: readonly unknown[]): unknown {
  return def.kind === "node" ? built[def.index] : def.value;
}

function emptyNode(def: NodeDef): object {
  switch (def.kind) {
    case "object":
      return Object.create(def.type.prototype) as object;
    case "array":
      return [];
    case "map":
      return new Map();
    case "record":
      return {};
    case "variable":
      throw new StructureError(
        "merge: expected a leaf for every Variable, got none. This is a defect: please report it.",
      );
    default:
      return def satisfies never;
  }
}

function misfit(graphdef: GraphDef, state: StateNode, missing: readonly Path[]): StructureError {
  const extra = extraPaths(graphdef, state);
  const list = (paths: readonly Path[]) =>
    paths.slice(0, 8).map(formatPath).join(", ") + (paths.length > 8 ? `, and ${paths.length - 8} more` : "");
  const faults = [
    missing.length > 0 ? `nothing at ${list(missing)}` : "",
    extra.length > 0 ? `${list(extra)}, which the model does not have` : "",
  ].filter(Boolean);
  return new StructureError(
    `merge: expected a State with exactly the ${graphdef.leafCount} leaves of the GraphDef, got ${faults.join(", and ")}. ` +
      "Pass every State that split returned, and only those.",
  );
}

/** Leaves of the State that the model has no place for. */
function extraPaths(graphdef: GraphDef, state: StateNode): Path[] {
  if (isLeaf(state)) return [[]];
  // Against an empty State every leaf of the model is missing.
  const known = new Set(match(graphdef, {}).missing.map(formatPath));
  return flattenState(state)
    .map(([path]) => path)
    .filter((path) => !known.has(formatPath(path)));
}
