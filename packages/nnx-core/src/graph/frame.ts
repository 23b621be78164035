/** @file The position of a walk over a graph. */
import type { Place } from "../data/place.ts";
import type { PathPart } from "../path.ts";
import { partOfMapKey } from "./keys.ts";

/** A node or container that a walk is inside of. */
export interface Frame extends Place {
  readonly parent: Frame | undefined;
  readonly value: object;
  readonly kind: "node" | "container";
  readonly keys: readonly PathPart[];
  /** Its key in the parent. */
  readonly key: PathPart;
  next: number;
}

/** The form that a key of `x` has in paths. */
export const partIn = (x: object, key: PathPart): PathPart => (x instanceof Map ? partOfMapKey(key) : key);

/** Whether there is no module around something: neither its owner nor what the owner is in. */
export function isInContainers(owner: Frame | undefined): boolean {
  for (let at = owner; at; at = at.parent) if (at.kind === "node") return false;
  return true;
}
