/** @file Takes a model apart into a GraphDef and its leaves, in one walk. */
import { containerKind } from "../data/containers.ts";
import type { Place } from "../data/place.ts";
import type { PathPart } from "../path.ts";
import { Bounds, graphAdvice } from "../state/bounds.ts";
import { isStateLike } from "../state/check-state.ts";
import type { StateLeaf } from "../state/state.ts";
import { definitionOf } from "../variable/definitions.ts";
import { isVariableState } from "../variable/variable-state.ts";
import type { Variable } from "../variable/variable.ts";
import { arrayDef, leafDef, nodeDef, staticDef } from "./attribute-defs.ts";
import { known } from "./check-graph-def.ts";
import type { AttributeDef, ContainerDef, GraphDef, NodeDef, NodeType } from "./graph-def.ts";
import type { Frame } from "./frame.ts";
import type { KeyOrder } from "./keys.ts";
import type { GraphNode } from "./node.ts";
import { Walk } from "./walk.ts";

/** A Variable, or an array or leaf of a State that the model keeps without a Variable. */
export type LeafValue = Variable | StateLeaf;

/** Where a leaf can be read and written. */
export interface LeafPlace {
  readonly owner: object;
  /** The key in the owner. A key of a Map may have another form in paths. */
  readonly key: PathPart;
}

/**
 * The callbacks of {@link GraphWalk}. They are not told of entering or leaving the root. If the
 * root is a leaf, its key is undefined.
 */
export interface GraphVisitor {
  /** The walk enters a node or container. */
  enter?(key: PathPart, value: object): void;
  /**
   * A leaf, at its first path.
   * @param at - The walk, which can tell the leaf's path.
   */
  leaf?(key: PathPart | undefined, value: LeafValue, at: GraphWalk): void;
  /** The walk leaves it. */
  exit?(frame: Frame): void;
}

/** The definition of a node or container that is not left yet. */
interface OpenDef {
  readonly index: number;
  readonly attributes: AttributeDef[];
  /** The kind of a container; undefined for modules. */
  readonly container: ContainerDef["kind"] | undefined;
  readonly parent: OpenDef | undefined;
}

/** Makes the GraphDef of a model. Shared parts are entered at their first path only. */
export class GraphWalk {
  /** The numbers of the modules and Variables that the walk has met. */
  readonly indices: Map<object, number> = new Map();
  private readonly visitor: GraphVisitor;
  private readonly order: KeyOrder | undefined;
  declare private walk: Walk;
  private readonly nodes: NodeDef[] = [];
  /** Records that are known not to be States. */
  private readonly others = new Set<object>();
  private open: OpenDef | undefined;
  private leafCount = 0;

  constructor(visitor: GraphVisitor, order?: KeyOrder) {
    this.visitor = visitor;
    this.order = order;
  }

  run<M>(root: M): GraphDef<M> {
    const walk = new Walk(root, { bounds: new Bounds("graph", graphAdvice), order: this.order });
    this.walk = walk;
    let rootDef = arrayDef;
    while (walk.next()) {
      const { open } = this;
      const def = this.define();
      if (def === undefined) this.leave(open as OpenDef);
      else if (open) open.attributes.push(def);
      else rootDef = def;
    }
    const { nodes, leafCount } = this;
    return known({ root: rootDef, nodes: Object.freeze(nodes), leafCount });
  }

  /** The place of the current value, from which its path can be made later. */
  at(): Place {
    return this.walk.place();
  }

  /** The number of the node or container that has the current value; -1 for the root. */
  get owner(): number {
    return this.open?.index ?? -1;
  }

  /** The key of the current value in its owner. */
  get key(): PathPart {
    return this.walk.key;
  }

  /**
   * Where the current leaf can be read and written. Undefined for the root, and in States that the
   * model keeps, since States never change.
   */
  place(): LeafPlace | undefined {
    const { owner, key, value } = this.walk;
    const isKept = isVariableState(value) || this.open?.container === "state";
    return owner && !isKept ? { owner: owner.value, key } : undefined;
  }

  /** @returns the definition of the current value; `undefined` when the walk leaves it. */
  private define(): AttributeDef | undefined {
    const { kind, value } = this.walk;
    switch (kind) {
      // Most attributes of most layers are numbers, strings and functions.
      case "static":
        return staticDef(value);
      case "variable":
        return this.track(value as object) ?? this.variable(value as Variable);
      case "node":
        return this.track(value as object) ?? this.enter(undefined);
      case "leaf":
        this.leaf(value as StateLeaf);
        return isVariableState(value) ? leafDef(definitionOf(value.type, value.metadata)) : arrayDef;
      case "container":
        return this.enter(this.open?.container === "state" ? "state" : this.kindOf(value as object));
      default:
        return undefined;
    }
  }

  private kindOf(container: object): ContainerDef["kind"] {
    return isStateLike(container, this.others) ? "state" : (containerKind(container) ?? "record");
  }

  /** Returns the definition of an object that was visited before. Otherwise remembers it. */
  private track(value: object): AttributeDef | undefined {
    const known = this.indices.get(value);
    if (known !== undefined) return nodeDef(known);
    this.indices.set(value, this.nodes.length);
    return undefined;
  }

  private variable(variable: Variable): AttributeDef {
    const index = this.nodes.length;
    this.nodes.push(variable.toDefinition());
    this.leaf(variable);
    return nodeDef(index);
  }

  private leaf(value: LeafValue): void {
    this.leafCount++;
    const { walk } = this;
    this.visitor.leaf?.(walk.owner && walk.part, value, this);
  }

  private enter(container: ContainerDef["kind"] | undefined): AttributeDef {
    const { walk } = this;
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
    if (walk.owner) this.visitor.enter?.(part, value);
    this.open = { index, attributes, container, parent: this.open };
    return nodeDef(index);
  }

  private leave({ attributes, parent }: OpenDef): void {
    Object.freeze(attributes);
    this.open = parent;
    if (parent) this.visitor.exit?.(this.walk.left as Frame);
  }
}

/**
 * The class of a node. It is read from the prototype, since an attribute may be called
 * `constructor`.
 */
const typeOf = (node: GraphNode): NodeType =>
  (Object.getPrototypeOf(node) as { readonly constructor: NodeType }).constructor;
