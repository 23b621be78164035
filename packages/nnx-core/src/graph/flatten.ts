/** @file A model as a GraphDef and its leaves, in one walk without recursion. */
import { containerKind } from "../data/containers.ts";
import type { Path, PathPart } from "../path.ts";
import { Bounds, graphAdvice } from "../state/bounds.ts";
import { isStateLike } from "../state/check-state.ts";
import type { StateLeaf } from "../state/state.ts";
import { definitionOf } from "../variable/definitions.ts";
import { isVariableState } from "../variable/variable-state.ts";
import type { Variable } from "../variable/variable.ts";
import { arrayDef, leafDef, nodeDef, staticDef } from "./attribute-defs.ts";
import { known } from "./check-graph-def.ts";
import { type Frame, partIn, pathOf } from "./frame.ts";
import type { AttributeDef, ContainerDef, GraphDef, NodeDef, NodeType } from "./graph-def.ts";
import { keysOf } from "./keys.ts";
import { childAt, classify, type GraphNode } from "./node.ts";

/** A Variable; or an array, or a leaf of a State, that the model keeps without one. */
export type LeafValue = Variable | StateLeaf;

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
  /**
   * A leaf, at its first path.
   * @param place - Who has it, under which key; missing where it is the whole, and in States that the model keeps, which are never written to.
   */
  leaf(key: PathPart | undefined, value: LeafValue, place: LeafPlace | undefined): void;
  /** Comes back up. */
  exit(): void;
}

interface DefinedFrame extends Frame {
  readonly attributes: AttributeDef[];
  /** Of a container its kind; modules have none. */
  readonly container: ContainerDef["kind"] | undefined;
  readonly parent: DefinedFrame | undefined;
}

/** Walks the graph depth first in sorted order; what is shared is entered at its first path only. */
export class GraphWalk {
  private readonly nodes: NodeDef[] = [];
  private readonly indices = new Map<object, number>();
  private readonly containers = new Bounds("graph", graphAdvice);
  private readonly visitor: GraphVisitor;
  private readonly holding = new Set<object>();
  private readonly others = new Set<object>();
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
    return known({ root: rootDef, nodes: Object.freeze(nodes), leafCount });
  }

  private visit(value: unknown, key: PathPart | undefined): AttributeDef {
    // Most attributes of most layers are numbers, strings and functions.
    if (typeof value !== "object" || value === null) return staticDef(value);
    switch (classify(value, this.holding)) {
      case "variable":
        return this.track(value) ?? this.variable(value as Variable, key);
      case "node":
        return this.track(value) ?? this.enter(value, key, undefined);
      case "leaf":
        this.leaf(key, value as StateLeaf);
        return isVariableState(value) ? leafDef(definitionOf(value.type, value.metadata)) : arrayDef;
      case "container":
        this.containers.enter(value, () => this.pathTo(key));
        return this.enter(value, key, this.frame?.container === "state" ? "state" : this.kindOf(value));
      default:
        return staticDef(value);
    }
  }

  private kindOf(container: object): ContainerDef["kind"] {
    return isStateLike(container, this.others) ? "state" : (containerKind(container) ?? "record");
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
    const { frame } = this;
    const isKept = frame?.container === "state" || isVariableState(value);
    const place = key !== undefined && frame && !isKept ? { owner: frame.value, key } : undefined;
    this.visitor.leaf(this.partOf(key), value, place);
  }

  private enter(
    value: object,
    key: PathPart | undefined,
    container: ContainerDef["kind"] | undefined,
  ): AttributeDef {
    const index = this.nodes.length;
    const keys = keysOf(value, () => this.pathTo(key));
    const attributes: AttributeDef[] = [];
    this.nodes.push(
      Object.freeze(
        container
          ? { kind: container, keys, attributes }
          : { kind: "object", type: typeOf(value as GraphNode), keys, attributes },
      ),
    );
    const part = this.partOf(key);
    if (part !== undefined) this.visitor.enter(part);
    this.frame = { value, keys, attributes, container, parent: this.frame, part: part ?? "", next: 0 };
    return nodeDef(index);
  }

  private leave(frame: DefinedFrame): void {
    if (frame.container) this.containers.leave(frame.value);
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

/** A leaf and its first path. */
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
