/**
 * @file Places in a walk, each linked to its parent. Paths are made from them only on demand.
 */
import type { Path, PathPart } from "../path.ts";

/** The position of a value in a walk. */
export interface Place {
  readonly parent: Place | undefined;
  /** The key in the parent. The root's key is not read. */
  readonly part: PathPart;
}

/** The path of a place. */
export function pathOf(place: Place): Path {
  const path: PathPart[] = [];
  for (let at = place; at.parent; at = at.parent) path.push(at.part);
  return path.reverse();
}
