/** @file The names of attributes and items, in the order of a walk. */
import { describe, StructureError } from "../errors.ts";
import { comparePathParts, formatPath, partFromKey, type Path, type PathPart } from "../path.ts";
import { ownKeysOf } from "../data/containers.ts";
import { isPlainObject } from "../data/plain-object.ts";
import { sortedParts } from "../data/sorted-parts.ts";

/**
 * "sorted" is Flax's order, see `comparePathParts`. "defined" is the order in which attributes were
 * assigned and items were added.
 */
export type KeyOrder = "sorted" | "defined";

/**
 * Cache per class: the attribute names of the last instance seen, in definition order and sorted.
 * Instances of one class usually have the same names, so sorting can be skipped. Without it `split`
 * takes 1.3 times as long, `clone` 1.7 times.
 */
const lastOfClass = new WeakMap<
  object,
  { readonly own: readonly string[]; readonly sorted: readonly PathPart[] }
>();

const areSame = (a: readonly string[], b: readonly string[]): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

function ownKeys(x: object, order: KeyOrder): readonly PathPart[] {
  const own = Object.keys(x);
  if (order === "defined") return Object.freeze(own.map(partFromKey));
  if (isPlainObject(x)) return Object.freeze(sortedParts(own));
  const prototype = Object.getPrototypeOf(x) as object;
  const last = lastOfClass.get(prototype);
  if (last && areSame(last.own, own)) return last.sorted;
  const sorted = Object.freeze(sortedParts(own));
  lastOfClass.set(prototype, { own, sorted });
  return sorted;
}

/** The form of a Map's key in paths. A number key and its text have the same form. */
export const partOfMapKey = (key: PathPart): PathPart => partFromKey(String(key));

/**
 * Finds the key of a Map whose form in paths is `name`. It may be a text or a number. If the Map
 * has neither, returns the form for a new key.
 */
export function mapKeyOf(map: ReadonlyMap<unknown, unknown>, name: string): PathPart {
  if (map.has(name)) return name;
  const number = Number(name);
  return String(number) === name && map.has(number) ? number : partFromKey(name);
}

function mapKeys(
  map: ReadonlyMap<unknown, unknown>,
  pathOf: () => Path,
  order: KeyOrder,
): readonly PathPart[] {
  const byPart = new Map<PathPart, PathPart>();
  for (const key of map.keys()) {
    if (typeof key !== "string" && typeof key !== "number") {
      throw new StructureError(
        `graph at ${formatPath(pathOf())}: expected a Map with string or number keys, got the key ${describe(key)}. ` +
          "Keys of Maps are parts of paths: use names.",
      );
    }
    const part = partOfMapKey(key);
    if (byPart.has(part)) {
      throw new StructureError(
        `graph at ${formatPath(pathOf())}: expected a Map whose keys differ as text, got ${JSON.stringify(part)} as a number and ` +
          "as a string. Both would have the same path: rename one.",
      );
    }
    byPart.set(part, key);
  }
  const parts = [...byPart.keys()];
  if (order === "sorted") parts.sort(comparePathParts);
  return Object.freeze(parts.map((part) => byPart.get(part) as PathPart));
}

/**
 * The keys of a node's attributes or a container's items. The sorted order is indices by value,
 * then names. Symbol keys, accessors of the class and `#private` fields are left out.
 * @param pathOf - Returns the path of `x`, for errors.
 */
export function keysOf(x: object, pathOf: () => Path, order: KeyOrder = "sorted"): readonly PathPart[] {
  if (Array.isArray(x)) return Object.freeze(ownKeysOf(x) as readonly number[]);
  return x instanceof Map ? mapKeys(x, pathOf, order) : ownKeys(x, order);
}
