/** @file Where a walk of the graph without recursion is. */
import type { Path, PathPart } from "../path.ts";
import { partOfMapKey } from "./keys.ts";

/** A node or container that a walk is in. */
export interface Frame {
  readonly value: object;
  readonly keys: readonly PathPart[];
  readonly parent: Frame | undefined;
  /** The part of the path under which the parent has it; the root's is not read. */
  readonly part: PathPart;
  next: number;
}

/** The path of what a walk is in, found when it is asked for. */
export function pathOf(frame: Frame): Path {
  const path: PathPart[] = [];
  for (let f = frame; f.parent; f = f.parent) path.push(f.part);
  return path.reverse();
}

/** What a key is called in paths. */
export const partIn = (x: object, key: PathPart): PathPart => (x instanceof Map ? partOfMapKey(key) : key);
