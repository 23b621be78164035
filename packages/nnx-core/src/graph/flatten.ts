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
import type { AttributeDef, ContainerDef, GraphDef, NodeDef, NodeType } from "./graph-def.ts";
import type { GraphNode } from "./node.ts";
import { Walk } from "./walk.ts";

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
   * @param place - Who has it, under which key; missing where it is the whole, and in States that
   * the model keeps, which are never written to. Found out only for visitors that name this
   * parameter.
   */
  leaf(key: PathPart | undefined, value: LeafValue, place: LeafPlace | undefined): void;
  /** Comes back up. */
  exit(): void;
}

/** The definition of a node or container that is not left yet. */
interface OpenDef {
  readonly attributes: AttributeDef[];
  /** Of a container its kind; modules have none. */
  readonly container: ContainerDef["kind"] | undefined;
  readonly parent: OpenDef | undefined;
}

/** Defines a model; what is shared is entered at its first path only. */
export class GraphWalk {
  private readonly visitor: GraphVisitor;
  private readonly nodes: NodeDef[] = [];
  private readonly indices = new Map<object, number>();
  /** Records that are known to be no States. */
  private readonly others = new Set<object>();
  private readonly wantsPlaces: boolean;
  private open: OpenDef | undefined;
  private leafCount = 0;

  constructor(visitor: GraphVisitor) {
    this.visitor = visitor;
    // Most visitors do not, and there is one for each leaf.
    this.wantsPlaces = visitor.leaf.length > 2;
  }

  run<M>(root: M): GraphDef<M> {
    const walk = new Walk(root, new Bounds("graph", graphAdvice));
    let rootDef = arrayDef;
    while (walk.next()) {
      const { open } = this;
      const def = this.define(walk);
      if (def === undefined) this.leave(open as OpenDef);
      else if (open) open.attributes.push(def);
      else rootDef = def;
    }
    const { nodes, leafCount } = this;
    return known({ root: rootDef, nodes: Object.freeze(nodes), leafCount });
  }

  /** @returns nothing for what is left. */
  private define(walk: Walk): AttributeDef | undefined {
    const { value } = walk;
    switch (walk.kind) {
      // Most attributes of most layers are numbers, strings and functions.
      case "static":
        return staticDef(value);
      case "variable":
        return this.track(value as object) ?? this.variable(value as Variable, walk);
      case "node":
        return this.track(value as object) ?? this.enter(walk, undefined);
      case "leaf":
        this.leaf(value as StateLeaf, walk);
        return isVariableState(value) ? leafDef(definitionOf(value.type, value.metadata)) : arrayDef;
      case "container":
        return this.enter(walk, this.open?.container === "state" ? "state" : this.kindOf(value as object));
      default:
        return undefined;
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

  private variable(variable: Variable, walk: Walk): AttributeDef {
    const index = this.nodes.length;
    this.nodes.push(variable.toDefinition());
    this.leaf(variable, walk);
    return nodeDef(index);
  }

  private leaf(value: LeafValue, walk: Walk): void {
    this.leafCount++;
    const { owner } = walk;
    this.visitor.leaf(owner && walk.part, value, this.wantsPlaces ? this.placeOf(value, walk) : undefined);
  }

  private placeOf(value: LeafValue, { owner, key }: Walk): LeafPlace | undefined {
    const isKept = isVariableState(value) || this.open?.container === "state";
    return owner && !isKept ? { owner: owner.value, key } : undefined;
  }

  private enter(walk: Walk, container: ContainerDef["kind"] | undefined): AttributeDef {
    const index = this.nodes.length;
    const { value, keys, part } = walk.enter();
    const attributes: AttributeDef[] = [];
    this.nodes.push(
      Object.freeze(
        container
          ? { kind: container, keys, attributes }
          : { kind: "object", type: typeOf(value as GraphNode), keys, attributes },
      ),
    );
    if (walk.owner) this.visitor.enter(part);
    this.open = { attributes, container, parent: this.open };
    return nodeDef(index);
  }

  private leave({ attributes, parent }: OpenDef): void {
    Object.freeze(attributes);
    this.open = parent;
    if (parent) this.visitor.exit();
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
