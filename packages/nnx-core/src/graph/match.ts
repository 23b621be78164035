/** @file Which leaf of which State belongs to which Variable of a GraphDef: by path, through sharing and cycles. */
import type { Path, PathPart } from "../path.ts";
import { below, isLeaf, type StateLeaf, type StateNode } from "../state/state.ts";
import type { AttributeDef, Attributes, GraphDef } from "./graph-def.ts";
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

type Layers = readonly StateNode[];

interface Frame {
  readonly index: number;
  readonly isMap: boolean;
  readonly definition: Attributes;
  /** What each State has here; the last one counts most. */
  readonly layers: Layers;
  readonly part: PathPart;
  readonly parent: Frame | undefined;
  next: number;
}

const none: Layers = [];

function layersBelow(layers: Layers, part: PathPart): Layers {
  const first = layers[0];
  if (layers.length === 1) {
    const child = below(first, part);
    return child === undefined ? none : [child];
  }
  const children: StateNode[] = [];
  for (const layer of layers) {
    const child = below(layer, part);
    if (child !== undefined) children.push(child);
  }
  return children;
}

/** Walks GraphDef and States side by side, in the order of `flatten`, so that first paths are the same. */
export function match(graphdef: GraphDef, states: Layers): Match {
  const { nodes } = graphdef;
  const variables: (StateLeaf | undefined)[] = new Array(nodes.length);
  const arrays = new Map<number, Map<PathPart, StateLeaf>>();
  const missing: Path[] = [];
  const entered = new Uint8Array(nodes.length);
  let used = 0;
  let root: StateLeaf | undefined;
  let frame: Frame | undefined;

  const take = (layers: Layers, part: PathPart | undefined): StateLeaf | undefined => {
    const leaf = layers.at(-1);
    if (leaf !== undefined && isLeaf(leaf)) {
      used++;
      return leaf;
    }
    missing.push(pathTo(frame, part));
    return undefined;
  };

  const resolve = (def: AttributeDef, layers: Layers, key: PathPart, part: PathPart | undefined): void => {
    if (def.kind === "array") {
      const array = take(layers, part);
      if (!frame) root = array;
      else if (array !== undefined) {
        const ofNode = arrays.get(frame.index) ?? new Map<PathPart, StateLeaf>();
        arrays.set(frame.index, ofNode.set(key, array));
      }
      return;
    }
    if (def.kind === "static" || entered[def.index] === 1) return;
    entered[def.index] = 1;
    const node = nodes[def.index];
    if (node?.kind === "variable") variables[def.index] = take(layers, part);
    else if (node) {
      const isMap = node.kind === "map";
      frame = { index: def.index, isMap, definition: node, layers, part: part ?? "", parent: frame, next: 0 };
    }
  };

  resolve(graphdef.root, states, "", undefined);
  while (frame) {
    const current: Frame = frame;
    const { keys, attributes } = current.definition;
    const i = current.next++;
    const def = attributes[i];
    if (def === undefined) frame = current.parent;
    else if (def.kind !== "static") {
      const key = keys[i] as PathPart;
      const part = current.isMap ? partOfMapKey(key) : key;
      resolve(def, layersBelow(current.layers, part), key, part);
    }
  }
  return { variables, arrays, root, missing, used };
}

function pathTo(frame: Frame | undefined, part: PathPart | undefined): Path {
  if (part === undefined) return [];
  const path = [part];
  for (let f = frame; f?.parent; f = f.parent) path.push(f.part);
  return path.reverse();
}
