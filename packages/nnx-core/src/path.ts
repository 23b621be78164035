/** @file Where something sits in a graph or a State: attribute names, list indices and Map keys. */

/** One step of a path: an attribute name, a Map key, or an index of a list. */
export type PathPart = string | number;

/** The steps from the root. The root's own path is empty. */
export type Path = readonly PathPart[];

const isPart = (x: unknown): x is PathPart => typeof x === "string" || typeof x === "number";

/** Whether something is a path: a list of names and indices. */
export const isPath = (x: unknown): x is Path =>
  // Longer lists than any path are not looked at; `Array.from` makes holes visible.
  Array.isArray(x) && x.length <= 200_000 && Array.from(x as readonly unknown[]).every(isPart);

/**
 * A path as a key of a Map or Set: equal for equal paths, different for different ones. An index
 * and its text (`0`, `"0"`) are one part. `["a.b"]` and `["a", "b"]` print alike, so that a printed
 * path is no key.
 */
export const pathKey = (path: Path): string => path.map((part) => `${String(part).length}:${part}`).join("");

/**
 * `["blocks", 0, "kernel"]` as `blocks.0.kernel`; the root as `(root)`. For messages only: see
 * {@link pathKey}.
 */
export const formatPath = (path: Path): string => (path.length === 0 ? "(root)" : path.join("."));

/**
 * Flax's order: list indices by value and before names, names by code unit (`"B" < "_p" < "a"`).
 */
export function comparePathParts(a: PathPart, b: PathPart): number {
  if (typeof a === "number") return typeof b === "number" ? a - b : -1;
  if (typeof b === "number") return 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

const canonicalIndex = /^(?:0|[1-9]\d{0,8})$/;

/**
 * The keys of a plain object are strings; those that can only be list indices are given back as
 * numbers.
 */
export function partFromKey(key: string): PathPart {
  const first = key.charCodeAt(0);
  // Most keys are names: the expression runs for what begins with a digit only.
  return first >= 48 && first <= 57 && canonicalIndex.test(key) ? Number(key) : key;
}
