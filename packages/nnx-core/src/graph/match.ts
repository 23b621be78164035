/**
 * @file Finds the leaf of a State for each Variable of a GraphDef, by path. Works with sharing and
 * cycles.
 */
import type { Path, PathPart } from "../path.ts";
import { childOf, isLeaf, type State, type StateLeaf, type StateNode } from "../state/state.ts";
import type { GraphDef } from "./graph-def.ts";
import { onlyLeaf } from "./leaves-of-definition.ts";
import { pathOfSite, type Plan, planOf, type Site } from "./plan.ts";

/** The leaves of a GraphDef. */
export interface Leaves {
  /** The leaf of each node of the GraphDef that is a Variable, by the node's number. */
  readonly variables: readonly (StateLeaf | undefined)[];
  /** The attributes of each node that are leaves without Variables, by the node's number. */
  readonly bare: ReadonlyMap<number, ReadonlyMap<PathPart, StateLeaf>>;
  /** The leaf, if the whole model is one leaf. */
  readonly root: StateLeaf | undefined;
}

/** The leaves that States have for a GraphDef, and the paths without one. */
export interface Match extends Leaves {
  /** Paths at which no State has a leaf. */
  readonly missing: readonly Path[];
  /** How many leaves were used. */
  readonly used: number;
}

/** Looks up one State's parts by place. */
class View {
  private readonly subtrees: (State | undefined)[];
  private readonly root: State | undefined;

  constructor(state: StateNode, size: number) {
    this.root = isLeaf(state) ? undefined : state;
    this.subtrees = new Array(size);
  }

  at({ parent, part }: Site): StateNode | undefined {
    const above = parent < 0 ? this.root : this.subtrees[parent];
    return above === undefined ? undefined : childOf(above, part);
  }

  /** Remembers a subtree, so that places below it can be looked up. */
  enter(position: number, site: Site): void {
    const child = this.at(site);
    this.subtrees[position] = isLeaf(child) ? undefined : child;
  }
}

/** Finds each leaf. If several States have a path, the last one counts. */
export function match(graphdef: GraphDef, states: readonly StateNode[]): Match {
  if (onlyLeaf(graphdef)) {
    const root = states.filter(isLeaf).at(-1);
    const missing = root ? [] : [[]];
    return { variables: [root], bare: new Map(), root, missing, used: root ? 1 : 0 };
  }
  return matchPlan(planOf(graphdef), graphdef.nodes.length, states);
}

function matchPlan(plan: Plan, nodeCount: number, states: readonly StateNode[]): Match {
  const variables: (StateLeaf | undefined)[] = new Array(nodeCount);
  const bare = new Map<number, Map<PathPart, StateLeaf>>();
  const missing: Path[] = [];
  // The last State comes first, since its leaves count.
  const views = states.map((state) => new View(state, plan.length)).reverse();
  let used = 0;
  for (let i = 0; i < plan.length; i++) {
    const site = plan[i] as Site;
    if (site.kind === "subtree") {
      for (const view of views) view.enter(i, site);
      continue;
    }
    let found: StateNode | undefined;
    for (const view of views) found ??= view.at(site);
    if (!isLeaf(found)) {
      missing.push(pathOfSite(plan, i));
      continue;
    }
    used++;
    if (site.kind === "variable") variables[site.node] = found;
    else putBare(bare, site.node, site.key, found);
  }
  return { variables, bare, root: undefined, missing, used };
}

/** Notes a leaf without a Variable that a node has under a key. */
export function putBare(
  bare: Map<number, Map<PathPart, StateLeaf>>,
  node: number,
  key: PathPart,
  leaf: StateLeaf,
): void {
  const ofNode = bare.get(node) ?? new Map<PathPart, StateLeaf>();
  bare.set(node, ofNode.set(key, leaf));
}
