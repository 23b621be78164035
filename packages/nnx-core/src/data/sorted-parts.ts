/** @file Sorts names in Flax's order. */
import { comparePathParts, partFromKey, type PathPart } from "../path.ts";

/**
 * The sorted keys of an object as parts of paths. List indices become numbers and come first,
 * sorted by value. Names follow, sorted by code unit.
 */
export function sortedParts(keys: readonly string[]): PathPart[] {
  const parts = keys.map(partFromKey);
  for (let i = 1; i < parts.length; i++) {
    if (comparePathParts(parts[i - 1] as PathPart, parts[i] as PathPart) > 0)
      return parts.sort(comparePathParts);
  }
  return parts;
}
