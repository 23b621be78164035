/** @file Where a walk of the graph is, and the paths of what it met. */
import type { Path, PathPart } from "../path.ts";
import { partOfMapKey } from "./keys.ts";

/** Where something is, without its path, which costs more than the walk. */
export interface Place {
  readonly parent: Frame | undefined;
  /** The part of the path under which the parent has it; the root's is not read. */
  readonly part: PathPart;
}

/** A node or container that a walk is in. */
export interface Frame extends Place {
  readonly value: object;
  readonly keys: readonly PathPart[];
  /** The parent's own key of it. */
  readonly key: PathPart;
  next: number;
}

/** The path of a place, found when it is asked for. */
export function pathOf(place: Place): Path {
  const path: PathPart[] = [];
  for (let at = place; at.parent; at = at.parent) path.push(at.part);
  return path.reverse();
}

/** What a key is called in paths. */
export const partIn = (x: object, key: PathPart): PathPart => (x instanceof Map ? partOfMapKey(key) : key);
