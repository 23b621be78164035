/** @file A model as a GraphDef and its leaves, in one walk without recursion. */
import type { ArrayLike } from "../array-like.ts";
import { StructureError } from "../errors.ts";
import { formatPath, type Path, type PathPart } from "../path.ts";
import type { Variable } from "../variable/variable.ts";
import { arrayDef, nodeDef, staticDef } from "./attribute-defs.ts";
import { type Frame, partIn, pathOf } from "./frame.ts";
import type { AttributeDef, GraphDef, NodeDef, NodeType } from "./graph-def.ts";
import { keysOf } from "./keys.ts";
import { childAt, classify, containerKind, GraphNode } from "./node.ts";

/** A Variable, or an array without one. */
export type LeafValue = Variable | ArrayLike;

/** Where a leaf can be read and written. */
export interface LeafPlace {
  readonly owner: object;
  /** The owner's own: a Map's keys may be called otherwise in paths. */
  readonly key: PathPart;
}

/** What is told on the way. The first call is for the root, without a key. */
export interface GraphVisitor {
  /** Goes down into a node or container. */
  enter(key: PathPart): void;
  /** A leaf, at its first path. @param place - Who has it, under which key; missing where it is the whole. */
  leaf(key: PathPart | undefined, value: LeafValue, place: LeafPlace | undefined): void;
  /** Comes back up. */
  exit(): void;
}

interface DefinedFrame extends Frame {
  readonly attributes: AttributeDef[];
  readonly isContainer: boolean;
  readonly parent: DefinedFrame | undefined;
}

/** Walks the graph depth first in sorted order; what is shared is entered at its first path only. */
export class GraphWalk {
  private readonly nodes: NodeDef[] = [];
  private readonly indices = new Map<object, number>();
  private readonly openContainers = new Set<object>();
  private readonly visitor: GraphVisitor;
  private frame: DefinedFrame | undefined;
  private leafCount = 0;

  constructor(visitor: GraphVisitor) {
    this.visitor = visitor;
  }

  run<M>(root: M): GraphDef<M> {
    const rootDef = this.visit(root, undefined);
    for (let { frame } = this; frame; { frame } = this) {
      const key = frame.keys[frame.next++];
      if (key === undefined) this.leave(frame);
      else frame.attributes.push(this.visit(childAt(frame.value, key), key));
    }
    const { nodes, leafCount } = this;
    return Object.freeze({ root: rootDef, nodes: Object.freeze(nodes), leafCount });
  }

  private visit(value: unknown, key: PathPart | undefined): AttributeDef {
    // Most attributes of most layers are numbers, strings and functions.
    if (typeof value !== "object" || value === null) return staticDef(value);
    switch (classify(value)) {
      case "variable":
        return this.track(value) ?? this.variable(value as Variable, key);
      case "node":
        return this.track(value) ?? this.enter(value, key, false);
      case "array":
        this.leaf(key, value as ArrayLike);
        return arrayDef;
      case "container":
        if (this.openContainers.has(value)) throw cyclicContainer(this.pathTo(key));
        this.openContainers.add(value);
        return this.enter(value, key, true);
      default:
        return staticDef(value);
    }
  }

  /** The definition of an object that was visited before; remembers it otherwise. */
  private track(value: object): AttributeDef | undefined {
    const known = this.indices.get(value);
    if (known !== undefined) return nodeDef(known);
    this.indices.set(value, this.nodes.length);
    return undefined;
  }

  private variable(variable: Variable, key: PathPart | undefined): AttributeDef {
    const index = this.nodes.length;
    this.nodes.push(variable.toDefinition());
    this.leaf(key, variable);
    return nodeDef(index);
  }

  private leaf(key: PathPart | undefined, value: LeafValue): void {
    this.leafCount++;
    const place = key !== undefined && this.frame ? { owner: this.frame.value, key } : undefined;
    this.visitor.leaf(this.partOf(key), value, place);
  }

  private enter(value: object, key: PathPart | undefined, isContainer: boolean): AttributeDef {
    const index = this.nodes.length;
    const keys = keysOf(value, () => this.pathTo(key));
    const attributes: AttributeDef[] = [];
    this.nodes.push(definitionOf(value, keys, attributes));
    const part = this.partOf(key);
    if (part !== undefined) this.visitor.enter(part);
    this.frame = { value, keys, attributes, isContainer, parent: this.frame, part: part ?? "", next: 0 };
    return nodeDef(index);
  }

  private leave(frame: DefinedFrame): void {
    if (frame.isContainer) this.openContainers.delete(frame.value);
    Object.freeze(frame.attributes);
    this.frame = frame.parent;
    if (frame.parent) this.visitor.exit();
  }

  private partOf(key: PathPart | undefined): PathPart | undefined {
    return key !== undefined && this.frame ? partIn(this.frame.value, key) : key;
  }

  private pathTo(key: PathPart | undefined): Path {
    const part = this.partOf(key);
    if (part === undefined) return [];
    return this.frame ? [...pathOf(this.frame), part] : [part];
  }
}

/** The class, past an attribute that may be called `constructor`. */
const typeOf = (node: GraphNode): NodeType =>
  (Object.getPrototypeOf(node) as { readonly constructor: NodeType }).constructor;

const definitionOf = (
  value: object,
  keys: readonly PathPart[],
  attributes: readonly AttributeDef[],
): NodeDef =>
  value instanceof GraphNode
    ? Object.freeze({ kind: "object", type: typeOf(value), keys, attributes })
    : Object.freeze({ kind: containerKind(value) ?? "record", keys, attributes });

/** For containers inside themselves, which would have endless paths. */
export const cyclicContainer = (path: Path): StructureError =>
  new StructureError(
    `graph at ${formatPath(path)}: expected containers that do not contain themselves, got a cycle of arrays, objects or ` +
      "Maps. Only modules and Variables can be part of a cycle: put a module in between.",
  );

/** A Variable, or an array without one, and its first path. */
export interface GraphLeaf {
  readonly path: Path;
  readonly value: LeafValue;
}

/** The GraphDef, and all leaves with their paths. */
export function flatten<M>(root: M): { graphdef: GraphDef<M>; leaves: GraphLeaf[] } {
  const leaves: GraphLeaf[] = [];
  const open: PathPart[] = [];
  const graphdef = new GraphWalk({
    enter: (key) => void open.push(key),
    leaf: (key, value) => leaves.push({ path: key === undefined ? [] : [...open, key], value }),
    exit: () => void open.pop(),
  }).run(root);
  return { graphdef, leaves };
}
