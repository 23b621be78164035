/** @file Names in Flax's order. */
import { comparePathParts, partFromKey, type PathPart } from "../path.ts";

/**
 * The keys of an object as parts of paths: list indices as numbers, by value and first; names by
 * code unit.
 */
export function sortedParts(keys: readonly string[]): PathPart[] {
  const parts = keys.map(partFromKey);
  for (let i = 1; i < parts.length; i++) {
    if (comparePathParts(parts[i - 1] as PathPart, parts[i] as PathPart) > 0)
      return parts.sort(comparePathParts);
  }
  return parts;
}
