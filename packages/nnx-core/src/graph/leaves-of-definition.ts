/** @file Lists the leaves of a definition: their paths and their Variables' types and metadata. */
import type { Path } from "../path.ts";
import type { VariableDef } from "../variable/variable-state.ts";
import type { Attributes, GraphDef, NodeDef } from "./graph-def.ts";
import { pathOfSite, planOf, type Site } from "./plan.ts";

/** The Variable definition of a leaf; `undefined` for an array without a Variable. */
export function definitionAt({ nodes }: GraphDef, site: Site): VariableDef | undefined {
  const node = nodes[site.node] as NodeDef;
  if (site.kind === "variable") return node as VariableDef;
  const { keys, attributes } = node as Attributes;
  const attribute = attributes[keys.indexOf(site.key)];
  return attribute?.kind === "leaf" ? attribute.definition : undefined;
}

/** A model that is one leaf, as a list of that leaf's definition; undefined for other models. */
export function onlyLeaf({ root, nodes }: GraphDef): readonly [VariableDef | undefined] | undefined {
  if (root.kind === "array") return [undefined];
  if (root.kind === "leaf") return [root.definition];
  const node = root.kind === "node" ? nodes[root.index] : undefined;
  return node?.kind === "variable" ? [node] : undefined;
}

/** A leaf of a definition. */
export interface DefinedLeaf {
  readonly path: Path;
  /** Missing for an array without a Variable. */
  readonly definition: VariableDef | undefined;
}

/** The leaves of a definition, each at its first path. */
export function leavesOfDefinition(graphdef: GraphDef): DefinedLeaf[] {
  const only = onlyLeaf(graphdef);
  if (only) return [{ path: [], definition: only[0] }];
  const plan = planOf(graphdef);
  return plan.flatMap((site, i) =>
    site.kind === "subtree" ? [] : [{ path: pathOfSite(plan, i), definition: definitionAt(graphdef, site) }],
  );
}
