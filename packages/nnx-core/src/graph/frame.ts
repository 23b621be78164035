/** @file Where a walk of the graph is. */
import type { Place } from "../data/place.ts";
import type { PathPart } from "../path.ts";
import { partOfMapKey } from "./keys.ts";

/** A node or container that a walk is in. */
export interface Frame extends Place {
  readonly parent: Frame | undefined;
  readonly value: object;
  readonly kind: "node" | "container";
  readonly keys: readonly PathPart[];
  /** The parent's own key of it. */
  readonly key: PathPart;
  next: number;
}

/** What a key is called in paths. */
export const partIn = (x: object, key: PathPart): PathPart => (x instanceof Map ? partOfMapKey(key) : key);
