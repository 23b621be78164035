/** @file What the graph walks into: the one place that decides what is a node, a leaf or static. */
import type { PathPart } from "../path.ts";
import { isPlainObject } from "../plain-object.ts";
import { mostContainers } from "../state/bounds.ts";
import { isLeaf } from "../state/state.ts";
import { Variable } from "../variable/variable.ts";

/**
 * The base of everything with identity and attributes in a model's graph: modules, Rngs, optimizers. Attributes that
 * are nodes, Variables, arrays, keys, or plain containers of these are children; all others are static.
 * @see Flax `nnx.Pytree`
 */
export abstract class GraphNode {
  declare protected readonly graphNode: true;
}

/** Containers have no identity of their own: reached twice, they come back twice. */
export type ContainerKind = "array" | "record" | "map";

/** The kind of an array, plain object or Map; `undefined` for everything else. */
export function containerKind(x: unknown): ContainerKind | undefined {
  if (typeof x !== "object" || x === null) return undefined;
  if (Array.isArray(x)) return "array";
  if (x instanceof Map) return "map";
  return isPlainObject(x) ? "record" : undefined;
}

/** What something can be to the graph. A leaf is an array, or what a Variable left in a State, that no Variable holds. */
export type Kind = "node" | "variable" | "leaf" | "container" | "static";

/** What `x` is to the graph. Containers without anything in them that the graph tracks are static. */
export function classify(x: unknown): Kind {
  if (typeof x !== "object" || x === null) return "static";
  if (x instanceof Variable) return "variable";
  if (x instanceof GraphNode) return "node";
  if (isLeaf(x)) return "leaf";
  return holdsData(x) ? "container" : "static";
}

/** The items of a container, without their keys. */
export function itemsOf(x: object): Iterable<unknown> {
  if (Array.isArray(x)) return x as readonly unknown[];
  return x instanceof Map ? (x as ReadonlyMap<unknown, unknown>).values() : Object.values(x);
}

function holdsData(container: object): boolean {
  if (containerKind(container) === undefined) return false;
  const open: object[] = [container];
  const seen = new Set<object>();
  for (let next = open.pop(); next; next = open.pop()) {
    if (seen.has(next)) continue;
    // What has no end holds no data that could be told from it.
    if (seen.size === mostContainers) return false;
    seen.add(next);
    for (const item of itemsOf(next)) {
      if (typeof item !== "object" || item === null) continue;
      if (item instanceof GraphNode || item instanceof Variable || isLeaf(item)) return true;
      if (containerKind(item)) open.push(item);
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

/** Whether an attribute can be written or made; those of frozen objects, and own ones that only have a getter, cannot. */
export function isWritable(x: object, key: PathPart): boolean {
  if (x instanceof Map) return true;
  const own = Object.getOwnPropertyDescriptor(x, key);
  return own ? own.writable === true || own.set !== undefined : Object.isExtensible(x);
}

/** Gives a new node or container one attribute of its own, past any accessor that its class has under this name. */
export function defineChild(x: object, key: PathPart, value: unknown): void {
  if (x instanceof Map) x.set(key, value);
  else if (key in x)
    Object.defineProperty(x, key, { value, writable: true, enumerable: true, configurable: true });
  else (x as Record<PathPart, unknown>)[key] = value;
}
