/**
 * @file Nested plain objects as a State: read once from the top to the leaves, without recursion,
 * and copied where they are not frozen or are put onto another State.
 */
import { pathOf, type Place } from "../data/place.ts";
import type { Path } from "../path.ts";
import { Bounds } from "./bounds.ts";
import { setOwn, type State, type StateNode } from "./state.ts";

/** In the place of a part: the child is a plain object that is to be read in turn. */
export const readOn: unique symbol = Symbol("readOn");

/** What a reader makes of what it meets. `At` is what it knows of the place. */
export interface Reader<At> {
  /** The function as users call it, for errors; missing for objects that are known to end. */
  readonly where?: string;
  /** Where the whole is, for errors. @defaultValue the root */
  readonly prefix?: () => Path;
  /**
   * The part of another State that an object is put onto: what only that has stays.
   * @defaultValue none
   */
  onto?(at: At): State | undefined;
  /** What is known of the place under a key. */
  below(at: At, key: string): At;
  /** The part of the State that a child is. */
  part(child: unknown, at: At, path: () => Path): StateNode | typeof readOn;
}

/** An object that is not left yet. */
interface Level<At> extends Place {
  readonly node: Readonly<Record<string, unknown>>;
  /** What may be kept in the place of the copy: the object, or what it is put onto. */
  readonly original: Readonly<Record<string, unknown>>;
  readonly at: At;
  readonly keys: readonly string[];
  readonly copy: Record<string, StateNode>;
  readonly part: string;
  readonly parent: Level<At> | undefined;
  /** Whether the copy equals the original so far, which may be kept then. */
  same: boolean;
  next: number;
}

/**
 * The State that nested objects are.
 * @param at - What the reader knows of the root.
 * @throws {@link StructureError} for objects that contain themselves.
 */
export function rebuild<At>(root: Readonly<Record<string, unknown>>, at: At, reader: Reader<At>): State {
  const { where, prefix } = reader;
  const bounds = where === undefined ? undefined : new Bounds(where);
  const pathTo = (place: Place): Path => (prefix ? [...prefix(), ...pathOf(place)] : pathOf(place));
  const enter = (
    node: Level<At>["node"],
    known: At,
    part: string,
    parent: Level<At> | undefined,
  ): Level<At> => {
    bounds?.enter(node, () => pathTo({ parent, part }));
    const base = reader.onto?.(known);
    const original = base ?? node;
    const same = base !== undefined || Object.isFrozen(node);
    const keys = Object.keys(node);
    return { node, original, at: known, keys, copy: { ...base }, part, parent, same, next: 0 };
  };
  let level = enter(root, at, "", undefined);
  let key: string | undefined;
  // One for all: it is asked for errors only, and at once.
  const path = (): Path => pathTo({ parent: level, part: key as string });
  for (;;) {
    const current: Level<At> = level;
    key = current.keys[current.next++];
    if (key === undefined) {
      bounds?.leave(current.node);
      const done = current.same ? (current.original as State) : Object.freeze(current.copy);
      if (!current.parent) return done;
      put(current.parent, current.part, done);
      level = current.parent;
      continue;
    }
    const child = current.node[key];
    const below = reader.below(current.at, key);
    const part = reader.part(child, below, path);
    if (part === readOn) level = enter(child as Level<At>["node"], below, key, current);
    else put(current, key, part);
  }
}

function put<At>(level: Level<At>, key: string, part: StateNode): void {
  const { node, original } = level;
  // What it is put onto may lack the key, which every object may inherit.
  if (part !== original[key] || !Object.hasOwn(original, key)) level.same = false;
  else if (original !== node) return;
  setOwn(level.copy, key, part);
}
