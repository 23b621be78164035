/**
 * @file Decides which values are nodes, leaves, containers or static, and reads and writes their
 * attributes.
 */
import { giveThingToScope, type ScopeKind } from "../ownership/scopes.ts";
import type { PathPart } from "../path.ts";
import { isContainer, itemsOf, nested } from "../data/containers.ts";
import { isOfAnotherCopy, ofThisCopy } from "../data/copies.ts";
import { instancesPrintAs } from "../data/printing.ts";
import { neverProxied } from "../data/proxies.ts";
import { mostContainers, mostLevels } from "../state/bounds.ts";
import { type Nodes, outline, outlineLine } from "../state/outline.ts";
import { isLeaf } from "../state/state.ts";
import { Variable } from "../variable/variable.ts";
import { sharedBy } from "./views.ts";

/**
 * The base of everything with identity and attributes in a model's graph: modules, Rngs,
 * optimizers. Its attributes that are nodes, Variables, arrays, keys, or plain containers of these
 * are children. All others are static.
 * @see Flax `nnx.Pytree`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * // State that is no layer: it has a place in the graph, and modes do not reach it.
 * class Counters extends nnx.GraphNode {
 *   readonly seen = new nnx.Variable(tf.scalar(0));
 * }
 * Object.keys(nnx.state(new Counters())); // => ["seen"]
 * ```
 */
export abstract class GraphNode {
  declare protected readonly graphNode: true;

  constructor() {
    giveNodeToScope(this);
  }

  /**
   * An outline: classes, shapes, dtypes, how much there is of each type, modes, and shared parts.
   * What is too deep or too wide is cut, with a count.
   */
  toString(): string {
    return outline(this, graphNodes);
  }
}

neverProxied(GraphNode);
ofThisCopy(GraphNode);

const graphNodes: Nodes = {
  isNode: (x) => x instanceof GraphNode,
  isPart: (x) => classify(x) !== "static",
};

instancesPrintAs(GraphNode.prototype, {
  line: (node) => outlineLine(node, graphNodes),
  json: (node) => outline(node, graphNodes, { withValues: true }),
});

/** The Variables in a node's own attributes, also in containers, but not those of other nodes. */
export const ownVariables = (node: object): Variable[] =>
  [...nested(node, (each) => each === node || isContainer(each))].filter((each) => each instanceof Variable);

/**
 * Nodes hold no tensors themselves. A node that leaves a scope takes its Variables along if they
 * belong to the same scope.
 */
const ofScope: ScopeKind<GraphNode> = {
  end: () => {},
  leave: () => {},
  partsOf(node) {
    const shared = sharedBy(node);
    return ownVariables(node).filter((x) => !shared.has(x));
  },
};

/**
 * Gives a new node to the open scope, if there is one. When the node leaves the scope, the tensors
 * of its Variables leave, too.
 */
export function giveNodeToScope(node: GraphNode): void {
  giveThingToScope(node, ofScope);
}

/** The kinds of values in a graph. A leaf is an array without a Variable, or a leaf of a State. */
export type Kind = "node" | "variable" | "leaf" | "container" | "static";

/**
 * Returns the kind of `x`. Containers without nodes, Variables or leaves in them are static.
 * @param holding - Containers that a walk knows to hold data. With it each container is searched
 * once, and not again for each container around it.
 */
export function classify(x: unknown, holding?: Set<object>): Kind {
  if (typeof x !== "object" || x === null) return "static";
  if (x instanceof Variable) return "variable";
  if (x instanceof GraphNode) return "node";
  if (isLeaf(x)) return "leaf";
  return holdsData(x, holding) ? "container" : "static";
}

// A walk enters containers of what another copy made, and refuses it there.
const isData = (x: object): boolean =>
  x instanceof GraphNode || x instanceof Variable || isLeaf(x) || isOfAnotherCopy(x);

/** A container that the search has found, and how it got there. */
interface Found {
  readonly container: object;
  readonly parent: Found | undefined;
  readonly level: number;
}

/**
 * @param holding - Containers that are known to hold data. The containers around the data that the
 * search finds are added.
 */
function holdsData(container: object, holding: Set<object> | undefined): boolean {
  if (!isContainer(container)) return false;
  if (holding?.has(container)) return true;
  // Nearly all containers have data at once, or nothing to search.
  let isDeep = false;
  const items = listOf(container);
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (typeof item !== "object" || item === null) continue;
    if (isData(item)) {
      holding?.add(container);
      return true;
    }
    isDeep ||= isContainer(item);
  }
  return isDeep && holdsDataBelow(container, holding);
}

/** Loops over lists by index are quicker than iterators of several kinds. */
const listOf = (container: object): readonly unknown[] =>
  Array.isArray(container) ? container : Array.from(itemsOf(container));

/** As {@link holdsData}, for a container of containers. */
function holdsDataBelow(container: object, holding: Set<object> | undefined): boolean {
  const open: Found[] = [{ container, parent: undefined, level: 0 }];
  const seen = new Set<object>([container]);
  for (let next = open.pop(); next; next = open.pop()) {
    const items = listOf(next.container);
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      if (typeof item !== "object" || item === null) continue;
      if (isData(item)) {
        for (let at: Found | undefined = next; at && holding; at = at.parent) holding.add(at.container);
        return true;
      }
      if (!isContainer(item) || seen.has(item)) continue;
      // Containers without end count as static, since the search cannot finish.
      if (next.level === mostLevels || seen.size === mostContainers) return false;
      seen.add(item);
      open.push({ container: item, parent: next, level: next.level + 1 });
    }
  }
  return false;
}

/** Reads one attribute of a node or item of a container. */
export const childAt = (x: object, key: PathPart): unknown =>
  x instanceof Map ? x.get(key) : (x as Record<PathPart, unknown>)[key];

/** Writes one attribute of a node or item of a container, as an assignment does. */
export function setChild(x: object, key: PathPart, value: unknown): void {
  if (x instanceof Map) x.set(key, value);
  else (x as Record<PathPart, unknown>)[key] = value;
}

/** Removes one attribute of a node or item of a Map or plain object. */
export function removeChild(x: object, key: PathPart): void {
  if (x instanceof Map) x.delete(key);
  else Reflect.deleteProperty(x, key);
}

/**
 * Whether an attribute can be written or created. Attributes of frozen objects, and own attributes
 * with only a getter, cannot.
 */
export function isWritable(x: object, key: PathPart): boolean {
  if (x instanceof Map) return true;
  const own = Object.getOwnPropertyDescriptor(x, key);
  return own ? own.writable === true || own.set !== undefined : Object.isExtensible(x);
}

/**
 * Defines an own attribute of a new node or container. An accessor of its class with this name does
 * not run.
 */
export function defineChild(x: object, key: PathPart, value: unknown): void {
  if (x instanceof Map) x.set(key, value);
  else if (key in x)
    Object.defineProperty(x, key, { value, writable: true, enumerable: true, configurable: true });
  else (x as Record<PathPart, unknown>)[key] = value;
}
