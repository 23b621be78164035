/** @file What the graph walks into, and in which order: the one place that decides what is a node, a leaf or static. */
import { describe, StructureError } from "../errors.ts";
import { isArrayLike } from "../array-like.ts";
import { isPlainObject } from "../ownership/tensors-in.ts";
import { comparePathParts, formatPath, type Path, type PathPart } from "../path.ts";
import { isVariableState } from "../variable/variable-state.ts";
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
export type Container = readonly unknown[] | Record<string, unknown> | Map<unknown, unknown>;

/** The kind of an array, plain object or Map; `undefined` for everything else. */
export function containerKind(x: unknown): ContainerKind | undefined {
  if (typeof x !== "object" || x === null) return undefined;
  if (Array.isArray(x)) return "array";
  if (x instanceof Map) return "map";
  return isPlainObject(x) ? "record" : undefined;
}

/** What `x` is to the graph. Containers without anything in them that the graph tracks are static. */
export function classify(x: unknown): "node" | "variable" | "array" | "container" | "static" {
  if (typeof x !== "object" || x === null) return "static";
  if (x instanceof GraphNode) return "node";
  if (x instanceof Variable) return "variable";
  if (isArrayLike(x)) return "array";
  return holdsData(x) ? "container" : "static";
}

function holdsData(container: object): boolean {
  const open: object[] = [container];
  const seen = new Set<object>();
  for (let next = open.pop(); next; next = open.pop()) {
    const kind = containerKind(next);
    // A State that a model keeps is data about a model, not a part of this one.
    if (!kind || seen.has(next) || isVariableState(next)) continue;
    seen.add(next);
    const items =
      kind === "record"
        ? Object.values(next)
        : (next as Iterable<unknown> & { values(): Iterable<unknown> }).values();
    for (const item of items) {
      if (typeof item !== "object" || item === null) continue;
      if (item instanceof GraphNode || item instanceof Variable || isArrayLike(item)) return true;
      open.push(item);
    }
  }
  return false;
}

function sortKeys(keys: PathPart[]): PathPart[] {
  for (let i = 1; i < keys.length; i++) {
    if (comparePathParts(keys[i - 1] as PathPart, keys[i] as PathPart) > 0)
      return keys.sort(comparePathParts);
  }
  return keys;
}

/** The keys of a node's attributes or a container's items, in Flax's order. Symbol keys, accessors and `#private` fields are not seen. */
export function keysOf(x: object, path: Path): PathPart[] {
  if (Array.isArray(x)) return Array.from(x.keys());
  if (!(x instanceof Map)) return sortKeys(Object.keys(x));
  const keys = [...x.keys()];
  const odd = keys.find((key) => typeof key !== "string" && typeof key !== "number");
  if (odd === undefined) return sortKeys(keys as PathPart[]);
  throw new StructureError(
    `graph at ${formatPath(path)}: expected a Map with string or number keys, got the key ${describe(odd)}. ` +
      "Keys of Maps are parts of paths: use names.",
  );
}

/** One attribute of a node or item of a container. */
export const childAt = (x: object, key: PathPart): unknown =>
  x instanceof Map ? x.get(key) : Reflect.get(x, key);

/** Writes one attribute of a node or item of a container. */
export function setChild(x: object, key: PathPart, value: unknown): void {
  if (x instanceof Map) x.set(key, value);
  else Reflect.set(x, key, value);
}
