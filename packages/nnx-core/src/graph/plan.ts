/**
 * @file Lists where the leaves of a definition are in a State. Since definitions never change, this
 * is computed once for each.
 */
import type { Path, PathPart } from "../path.ts";
import { isLasting } from "./check-graph-def.ts";
import type { AttributeDef, GraphDef, NodeDef } from "./graph-def.ts";
import { partOfMapKey } from "./keys.ts";

/**
 * A place in a State. Places are in the order of the walk, so parents come before their children.
 */
export interface Site {
  /** The kind of thing at the place. */
  readonly kind: "subtree" | "variable" | "leaf";
  /**
   * The number of the subtree or Variable in the definition. For a leaf without a Variable, the
   * number of its owner.
   */
  readonly node: number;
  /** The key in the owner. `part` is its form in paths. */
  readonly key: PathPart;
  readonly part: PathPart;
  /** The position of the parent place in the plan; -1 for the State itself. */
  readonly parent: number;
}

/** All places but the root. */
export type Plan = readonly Site[];

/**
 * Cache of plans. Without it `merge` of a definition that was merged before takes 1.3 to 1.4 times
 * as long.
 */
const plans = new WeakMap<GraphDef, Plan>();

/**
 * The plan of a definition. Each node is entered at its first path, in the order of the walk that
 * made the definition.
 */
export function planOf(graphdef: GraphDef): Plan {
  const known = plans.get(graphdef);
  if (known) return known;
  const { nodes, root } = graphdef;
  const sites: Site[] = [];
  const met = new Uint8Array(nodes.length);
  // A stack: the last item is visited next.
  const open: Site[] = [];
  const enter = (node: number, parent: number): void => {
    const { kind, keys, attributes } = nodes[node] as Exclude<NodeDef, { kind: "variable" }>;
    for (let i = attributes.length - 1; i >= 0; i--) {
      const def = attributes[i] as AttributeDef;
      if (def.kind === "static") continue;
      const key = keys[i] as PathPart;
      const part = kind === "map" ? partOfMapKey(key) : key;
      const place = { key, part, parent };
      if (def.kind !== "node") open.push({ kind: "leaf", node, ...place });
      else {
        const isVariable = nodes[def.index]?.kind === "variable";
        open.push({ kind: isVariable ? "variable" : "subtree", node: def.index, ...place });
      }
    }
  };
  if (root.kind === "node") {
    met[root.index] = 1;
    enter(root.index, -1);
  }
  for (let site = open.pop(); site; site = open.pop()) {
    if (site.kind !== "leaf") {
      if (met[site.node] === 1) continue;
      met[site.node] = 1;
    }
    sites.push(site);
    if (site.kind === "subtree") enter(site.node, sites.length - 1);
  }
  if (isLasting(graphdef)) plans.set(graphdef, sites);
  return sites;
}

/** The path of a place. */
export function pathOfSite(plan: Plan, site: number): Path {
  const path: PathPart[] = [];
  for (let at = plan[site]; at; at = plan[at.parent]) path.push(at.part);
  return path.reverse();
}
