/**
 * @file Turns nested plain objects into a State. They are read once from the top to the leaves,
 * without recursion. Objects that are not frozen, or that are merged onto another State, are
 * copied.
 */
import { pathOf, type Place } from "../data/place.ts";
import type { Path } from "../path.ts";
import { Bounds } from "./bounds.ts";
import { setOwn, type State, type StateNode } from "./state.ts";

/** A result of `Reader.part`: the child is a plain object, and must be read itself. */
export const readOn: unique symbol = Symbol("readOn");

/**
 * Decides how {@link rebuild} treats each object. `At` is the type of the reader's data about a
 * place.
 */
export interface Reader<At> {
  /** The function as users call it, for errors; missing for objects that are known to end. */
  readonly where?: string;
  /** The path of the root object, for errors. @defaultValue the root */
  readonly prefix?: () => Path;
  /**
   * The part of another State that the object is merged onto. Keys that only this part has stay.
   * @defaultValue none
   */
  onto?(at: At): State | undefined;
  /** Returns the reader's data about the place under a key. */
  below(at: At, key: string): At;
  /** Returns the part of the State for a child. */
  part(child: unknown, at: At, path: () => Path): StateNode | typeof readOn;
}

/** An object that is not left yet. */
interface Level<At> extends Place {
  readonly node: Readonly<Record<string, unknown>>;
  /**
   * The object to return if the copy would equal it: `node`, or the object that it is merged onto.
   */
  readonly original: Readonly<Record<string, unknown>>;
  readonly at: At;
  readonly keys: readonly string[];
  readonly copy: Record<string, StateNode>;
  readonly part: string;
  readonly parent: Level<At> | undefined;
  /**
   * Whether the copy equals the original so far. If it does at the end, the original is returned.
   */
  same: boolean;
  next: number;
}

/**
 * Returns the State that nested objects describe.
 * @param at - The reader's data about the root.
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
  // One closure serves all children, because readers call it only for errors, and at once.
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
  // `original` may lack the key and inherit a value for it, so the own key is checked, too.
  if (part !== original[key] || !Object.hasOwn(original, key)) level.same = false;
  else if (original !== node) return;
  setOwn(level.copy, key, part);
}
