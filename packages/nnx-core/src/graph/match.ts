/** @file Which leaf of which State belongs to which Variable of a GraphDef: by path, through sharing and cycles. */
import type { Path, PathPart } from "../path.ts";
import { childOf, isLeaf, type State, type StateLeaf, type StateNode } from "../state/state.ts";
import type { AttributeDef, Attributes, ContainerDef, GraphDef, NodeDef, ObjectDef } from "./graph-def.ts";
import { partOfMapKey } from "./keys.ts";

/** The values for a GraphDef, and what did not fit. */
export interface Match {
  /** Per node of the GraphDef: the leaf, where the node is a Variable. */
  readonly variables: readonly (StateLeaf | undefined)[];
  /** Per node: its attributes that are arrays. */
  readonly arrays: ReadonlyMap<number, ReadonlyMap<PathPart, StateLeaf>>;
  /** The value, where the whole model is an array. */
  readonly root: StateLeaf | undefined;
  /** Paths at which no State has a leaf. */
  readonly missing: readonly Path[];
  /** How many leaves were used. */
  readonly used: number;
}

interface Frame {
  readonly index: number;
  readonly isMap: boolean;
  readonly definition: Attributes;
  /** What the last State that has something here has. */
  readonly state: State | undefined;
  /** What those before it have, the one that counts most first; empty mostly. */
  readonly earlier: readonly State[];
  readonly part: PathPart;
  readonly parent: Frame | undefined;
  next: number;
}

const none: readonly State[] = [];

function childIn({ state, earlier }: Frame, part: PathPart): StateNode | undefined {
  let child = state && childOf(state, part);
  for (let i = 0; child === undefined && i < earlier.length; i++) child = childOf(earlier[i] as State, part);
  return child;
}

/** The subtrees of all States under a part; leaves are none. */
const subtreesIn = ({ state, earlier }: Frame, part: PathPart): readonly State[] =>
  [...(state ? [state] : none), ...earlier].flatMap((each) => {
    const child = childOf(each, part);
    return child === undefined || isLeaf(child) ? [] : [child];
  });

/** Walks GraphDef and States side by side, in the order of `flatten`, so that first paths are the same. */
export function match(graphdef: GraphDef, states: readonly StateNode[]): Match {
  const { nodes } = graphdef;
  const variables: (StateLeaf | undefined)[] = new Array(nodes.length);
  const arrays = new Map<number, Map<PathPart, StateLeaf>>();
  const missing: Path[] = [];
  const entered = new Uint8Array(nodes.length);
  let used = 0;
  let frame: Frame | undefined;

  const take = (leaf: StateNode | undefined, part: PathPart | undefined): StateLeaf | undefined => {
    if (leaf !== undefined && isLeaf(leaf)) {
      used++;
      return leaf;
    }
    missing.push(pathTo(frame, part));
    return undefined;
  };

  const enterAll = (
    index: number,
    definition: NodeWithAttributes,
    found: readonly State[],
    part: PathPart,
  ): void => {
    const [state, ...earlier] = found;
    const isMap = definition.kind === "map";
    frame = { index, isMap, definition, state, earlier, part, parent: frame, next: 0 };
  };

  const enter = (current: Frame, index: number, definition: NodeWithAttributes, part: PathPart): void => {
    if (current.earlier.length > 0) {
      enterAll(index, definition, subtreesIn(current, part), part);
      return;
    }
    const child = childIn(current, part);
    const state = child === undefined || isLeaf(child) ? undefined : child;
    const isMap = definition.kind === "map";
    frame = { index, isMap, definition, state, earlier: none, part, parent: current, next: 0 };
  };

  const visit = (current: Frame, def: AttributeDef, key: PathPart): void => {
    const part = current.isMap ? partOfMapKey(key) : key;
    if (def.kind === "array") {
      const array = take(childIn(current, part), part);
      if (array === undefined) return;
      const ofNode = arrays.get(current.index) ?? new Map<PathPart, StateLeaf>();
      arrays.set(current.index, ofNode.set(key, array));
      return;
    }
    if (def.kind === "static" || entered[def.index] === 1) return;
    entered[def.index] = 1;
    const node = nodes[def.index] as NodeDef;
    if (node.kind === "variable") variables[def.index] = take(childIn(current, part), part);
    else enter(current, def.index, node, part);
  };

  const { root: rootDef } = graphdef;
  let root: StateLeaf | undefined;
  if (rootDef.kind === "array") root = take(states.filter(isLeaf).at(-1), undefined);
  else if (rootDef.kind === "node") {
    entered[rootDef.index] = 1;
    const node = nodes[rootDef.index] as NodeDef;
    if (node.kind === "variable") variables[rootDef.index] = take(states.filter(isLeaf).at(-1), undefined);
    else
      enterAll(rootDef.index, node, states.filter((state): state is State => !isLeaf(state)).reverse(), "");
  }
  while (frame) {
    const current: Frame = frame;
    const i = current.next++;
    const def = current.definition.attributes[i];
    if (def === undefined) frame = current.parent;
    else if (def.kind !== "static") visit(current, def, current.definition.keys[i] as PathPart);
  }
  return { variables, arrays, root, missing, used };
}

type NodeWithAttributes = ObjectDef | ContainerDef;

function pathTo(frame: Frame | undefined, part: PathPart | undefined): Path {
  if (part === undefined) return [];
  const path = [part];
  for (let f = frame; f?.parent; f = f.parent) path.push(f.part);
  return path.reverse();
}
