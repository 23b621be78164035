/**
 * @file Where in a State the leaves of a definition are: found out once for each definition, since
 * it never changes.
 */
import type { Path, PathPart } from "../path.ts";
import type { AttributeDef, GraphDef, NodeDef } from "./graph-def.ts";
import { partOfMapKey } from "./keys.ts";

/** A place in a State. Places are in the order of the walk; those above come before those below. */
export interface Site {
  /** What is there. */
  readonly kind: "subtree" | "variable" | "leaf";
  /** Of a Variable its number in the definition, of a leaf without one its owner's. */
  readonly node: number;
  /** The name in the owner, and what it is called in paths. */
  readonly key: PathPart;
  readonly part: PathPart;
  /** The place above, by its position in the plan; -1 for the State itself. */
  readonly parent: number;
}

/** All places but the root. */
export type Plan = readonly Site[];

/** Without it `merge` of a definition that was merged before takes 1.3 to 1.4 times as long. */
const plans = new WeakMap<GraphDef, Plan>();

/** The plan of a definition; each node is entered at its first path, in the order of `flatten`. */
export function planOf(graphdef: GraphDef): Plan {
  const known = plans.get(graphdef);
  if (known) return known;
  const { nodes, root } = graphdef;
  const sites: Site[] = [];
  const met = new Uint8Array(nodes.length);
  // The next one is last.
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
  plans.set(graphdef, sites);
  return sites;
}

/** The path of a place. */
export function pathOfSite(plan: Plan, site: number): Path {
  const path: PathPart[] = [];
  for (let at = plan[site]; at; at = plan[at.parent]) path.push(at.part);
  return path.reverse();
}
