/**
 * @file Where in a State the leaves of a definition are: found out once for each definition, since
 * it never changes.
 */
import type { Path, PathPart } from "../path.ts";
import type { AttributeDef, Attributes, GraphDef, NodeDef } from "./graph-def.ts";
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

interface Frame {
  readonly definition: Attributes;
  readonly isMap: boolean;
  readonly node: number;
  readonly site: number;
  readonly parent: Frame | undefined;
  next: number;
}

const plans = new WeakMap<GraphDef, Plan>();

/** The plan of a definition; each node is entered at its first path, in the order of `flatten`. */
export function planOf(graphdef: GraphDef): Plan {
  const known = plans.get(graphdef);
  if (known) return known;
  const { nodes, root } = graphdef;
  const sites: Site[] = [];
  const entered = new Uint8Array(nodes.length);
  let frame: Frame | undefined;

  const enter = (node: number, site: number): void => {
    const definition = nodes[node] as NodeDef;
    if (definition.kind === "variable") return;
    frame = { definition, isMap: definition.kind === "map", node, site, parent: frame, next: 0 };
  };
  const visit = (owner: Frame, def: AttributeDef, key: PathPart): void => {
    if (def.kind === "static" || (def.kind === "node" && entered[def.index] === 1)) return;
    const part = owner.isMap ? partOfMapKey(key) : key;
    const parent = owner.site;
    if (def.kind !== "node") {
      sites.push({ kind: "leaf", node: owner.node, key, part, parent });
      return;
    }
    entered[def.index] = 1;
    const isVariable = nodes[def.index]?.kind === "variable";
    sites.push({ kind: isVariable ? "variable" : "subtree", node: def.index, key, part, parent });
    if (!isVariable) enter(def.index, sites.length - 1);
  };

  if (root.kind === "node") {
    entered[root.index] = 1;
    enter(root.index, -1);
  }
  while (frame) {
    const current: Frame = frame;
    const i = current.next++;
    const def = current.definition.attributes[i];
    if (def === undefined) frame = current.parent;
    else visit(current, def, current.definition.keys[i] as PathPart);
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
