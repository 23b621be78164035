/** @file What the graph walks into: the one place that decides what is a node, a leaf or static. */
import { giveThingToScope, type ScopeKind } from "../ownership/scopes.ts";
import type { PathPart } from "../path.ts";
import { isContainer, itemsOf, nested } from "../data/containers.ts";
import { neverProxied } from "../data/proxies.ts";
import { mostContainers, mostLevels } from "../state/bounds.ts";
import { isLeaf } from "../state/state.ts";
import { Variable } from "../variable/variable.ts";

/**
 * The base of everything with identity and attributes in a model's graph: modules, Rngs,
 * optimizers. Attributes that are nodes, Variables, arrays, keys, or plain containers of these are
 * children; all others are static.
 * @see Flax `nnx.Pytree`
 */
export abstract class GraphNode {
  declare protected readonly graphNode: true;

  constructor() {
    giveNodeToScope(this);
  }
}

neverProxied(GraphNode);

/** The Variables that a node has itself, also in containers. */
export const ownVariables = (node: object): Variable[] =>
  [...nested(node, (each) => each === node || isContainer(each))].filter((each) => each instanceof Variable);

/** Nodes hold nothing themselves; their Variables go with them when both are of the scope. */
const ofScope: ScopeKind<GraphNode> = { end: () => {}, leave: () => {}, partsOf: ownVariables };

/**
 * Makes the scope that is open, if there is one, the owner of a new node: what its Variables hold
 * goes with it.
 */
export function giveNodeToScope(node: GraphNode): void {
  giveThingToScope(node, ofScope);
}

/**
 * What something can be to the graph. A leaf is an array, or what a Variable left in a State, that
 * no Variable holds.
 */
export type Kind = "node" | "variable" | "leaf" | "container" | "static";

/**
 * What `x` is to the graph. Containers without anything in them that the graph tracks are static.
 * @param holding - Containers that a walk knows to hold data, so that it looks into each once and
 * not from each one around it.
 */
export function classify(x: unknown, holding?: Set<object>): Kind {
  if (typeof x !== "object" || x === null) return "static";
  if (x instanceof Variable) return "variable";
  if (x instanceof GraphNode) return "node";
  if (isLeaf(x)) return "leaf";
  return holdsData(x, holding) ? "container" : "static";
}

const isData = (x: object): boolean => x instanceof GraphNode || x instanceof Variable || isLeaf(x);

/** What a search has come by. */
interface Found {
  readonly container: object;
  readonly parent: Found | undefined;
  readonly level: number;
}

/**
 * @param holding - Containers that are known to hold data; those on the way to what is found are
 * added.
 */
function holdsData(container: object, holding: Set<object> | undefined): boolean {
  if (!isContainer(container)) return false;
  if (holding?.has(container)) return true;
  const open: Found[] = [{ container, parent: undefined, level: 0 }];
  const seen = new Set<object>([container]);
  for (let next = open.pop(); next; next = open.pop()) {
    for (const item of itemsOf(next.container)) {
      if (typeof item !== "object" || item === null) continue;
      if (isData(item)) {
        for (let at: Found | undefined = next; at && holding; at = at.parent) holding.add(at.container);
        return true;
      }
      if (!isContainer(item) || seen.has(item)) continue;
      // What has no end holds no data that could be told from it.
      if (next.level === mostLevels || seen.size === mostContainers) return false;
      seen.add(item);
      open.push({ container: item, parent: next, level: next.level + 1 });
    }
  }
  return false;
}

/** One attribute of a node or item of a container. */
export const childAt = (x: object, key: PathPart): unknown =>
  x instanceof Map ? x.get(key) : (x as Record<PathPart, unknown>)[key];

/** Writes one attribute of a node or item of a container, as an assignment does. */
export function setChild(x: object, key: PathPart, value: unknown): void {
  if (x instanceof Map) x.set(key, value);
  else (x as Record<PathPart, unknown>)[key] = value;
}

/** Takes away one attribute of a node or item of a Map or plain object. */
export function removeChild(x: object, key: PathPart): void {
  if (x instanceof Map) x.delete(key);
  else Reflect.deleteProperty(x, key);
}

/**
 * Whether an attribute can be written or made; those of frozen objects, and own ones that only have
 * a getter, cannot.
 */
export function isWritable(x: object, key: PathPart): boolean {
  if (x instanceof Map) return true;
  const own = Object.getOwnPropertyDescriptor(x, key);
  return own ? own.writable === true || own.set !== undefined : Object.isExtensible(x);
}

/**
 * Gives a new node or container one attribute of its own, past any accessor that its class has
 * under this name.
 */
export function defineChild(x: object, key: PathPart, value: unknown): void {
  if (x instanceof Map) x.set(key, value);
  else if (key in x)
    Object.defineProperty(x, key, { value, writable: true, enumerable: true, configurable: true });
  else (x as Record<PathPart, unknown>)[key] = value;
}
