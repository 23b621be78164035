/**
 * @file Paths that are made only when somebody asks: a walk links each place to the one around it.
 */
import type { Path, PathPart } from "../path.ts";

/** Where something is. */
export interface Place {
  readonly parent: Place | undefined;
  /** What the parent calls it; the root's is not read. */
  readonly part: PathPart;
}

/** The path of a place. */
export function pathOf(place: Place): Path {
  const path: PathPart[] = [];
  for (let at = place; at.parent; at = at.parent) path.push(at.part);
  return path.reverse();
}
