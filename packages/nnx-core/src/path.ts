/** @file Paths in a graph or a State: lists of attribute names, list indices and Map keys. */

/** One step of a path: an attribute name, a Map key, or an index of a list. */
export type PathPart = string | number;

/** The steps from the root. The root's own path is empty. */
export type Path = readonly PathPart[];

const isPart = (x: unknown): x is PathPart => typeof x === "string" || typeof x === "number";

/** Whether something is a path: a list of names and indices. */
export const isPath = (x: unknown): x is Path =>
  // No path is longer than this, so longer lists are refused unread. `every` skips holes in a list;
  // `Array.from` turns them into `undefined`.
  Array.isArray(x) && x.length <= 200_000 && Array.from(x as readonly unknown[]).every(isPart);

/**
 * Returns a text that identifies a path, for use as a key of a Map or Set. An index and its text
 * (`0`, `"0"`) count as the same part. {@link formatPath} cannot be used for this: it prints
 * `["a.b"]` and `["a", "b"]` alike.
 * @param path - Names and indices.
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.pathKey(["a", 0]) === nnx.pathKey(["a", 0]); // => true
 * ```
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.formatPath(["layers", 0, "kernel"]); // => "layers.0.kernel"
 * ```
 */
export const pathKey = (path: Path): string => path.map((part) => `${String(part).length}:${part}`).join("");

/**
 * Prints `["blocks", 0, "kernel"]` as `blocks.0.kernel`, and the root as `(root)`. For messages
 * only: different paths may print alike, see {@link pathKey}.
 * @param path - Names and indices.
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.formatPath(["layers", 0, "kernel"]); // => "layers.0.kernel"
 * ```
 */
export const formatPath = (path: Path): string => (path.length === 0 ? "(root)" : path.join("."));

/**
 * Compares path parts in Flax's order: list indices by value, then names by code unit (`"B" < "_p"
 * < "a"`).
 */
export function comparePathParts(a: PathPart, b: PathPart): number {
  if (typeof a === "number") return typeof b === "number" ? a - b : -1;
  if (typeof b === "number") return 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

const canonicalIndex = /^(?:0|[1-9]\d{0,8})$/;

/**
 * Turns an object key back into a path part. Object keys are strings, so a key that is written like
 * a list index becomes a number.
 */
export function partFromKey(key: string): PathPart {
  const first = key.charCodeAt(0);
  // Most keys are names. Checking the first character avoids running the expression on them.
  return first >= 48 && first <= 57 && canonicalIndex.test(key) ? Number(key) : key;
}
