/** @file Which leaf of a State belongs to which Variable of a GraphDef: by path, through sharing and cycles. */
import type { Path, PathPart } from "../path.ts";
import { isLeaf, type StateNode } from "../state/state.ts";
import { isVariableState, type VariableState } from "../variable/variable-state.ts";
import type { AttributeDef, Attributes, GraphDef } from "./graph-def.ts";

/** The values for a GraphDef, and what did not fit. */
export interface Match {
  /** Per node of the GraphDef: the leaf, where the node is a Variable. */
  readonly variables: readonly (VariableState | undefined)[];
  /** Per node: its attributes that are arrays. */
  readonly arrays: ReadonlyMap<number, ReadonlyMap<PathPart, unknown>>;
  /** The value, where the whole model is an array. */
  readonly root: unknown;
  /** Paths at which the State has no leaf. */
  readonly missing: readonly Path[];
  /** How many leaves of the State were used. */
  readonly used: number;
}

interface Frame {
  readonly index: number;
  readonly attributes: Attributes;
  readonly state: StateNode | undefined;
  readonly key: PathPart | undefined;
  readonly parent: Frame | undefined;
  next: number;
}

const pathOf = (frame: Frame | undefined, last: readonly PathPart[]): Path => {
  const path = [...last];
  for (let f = frame; f?.key !== undefined; f = f.parent) path.unshift(f.key);
  return path;
};

const below = (state: StateNode | undefined, key: PathPart): StateNode | undefined =>
  state === undefined || isLeaf(state) ? undefined : state[key];

/** Walks GraphDef and State side by side, in the order of `flatten`, so that first paths are the same. */
export function match(graphdef: GraphDef, state: StateNode): Match {
  const variables: (VariableState | undefined)[] = new Array(graphdef.nodes.length);
  const arrays = new Map<number, Map<PathPart, unknown>>();
  const missing: Path[] = [];
  const entered = new Set<number>();
  let used = 0;
  let root: unknown;
  let frame: Frame | undefined;

  const take = (leaf: StateNode | undefined, key: readonly PathPart[]): unknown => {
    if (leaf !== undefined && isLeaf(leaf)) {
      used++;
      return leaf;
    }
    missing.push(pathOf(frame, key));
    return undefined;
  };

  const resolve = (def: AttributeDef, at: StateNode | undefined, key: PathPart | undefined): void => {
    if (def.kind === "static") return;
    const last = key === undefined ? [] : [key];
    if (def.kind === "array") {
      const value = take(at, last);
      const array = isVariableState(value) ? value.value : value;
      if (!frame || key === undefined) root = array;
      else {
        const ofNode = arrays.get(frame.index) ?? new Map<PathPart, unknown>();
        arrays.set(frame.index, ofNode.set(key, array));
      }
      return;
    }
    if (entered.has(def.index)) return;
    entered.add(def.index);
    const node = graphdef.nodes[def.index];
    if (node?.kind === "variable") {
      const leaf = take(at, last);
      const wrapped = { type: node.type, value: leaf, metadata: node.metadata };
      variables[def.index] = isVariableState(leaf) ? leaf : wrapped;
    } else if (node) {
      frame = { index: def.index, attributes: node.attributes, state: at, key, parent: frame, next: 0 };
    }
  };

  resolve(graphdef.root, state, undefined);
  while (frame) {
    const current: Frame = frame;
    const attribute = current.attributes[current.next++];
    if (attribute) resolve(attribute[1], below(current.state, attribute[0]), attribute[0]);
    else frame = current.parent;
  }
  return { variables, arrays, root, missing, used };
}
