/**
 * @file Nested plain objects as a State: read once from the top to the leaves, without recursion,
 * and copied where they are not frozen.
 */
import { pathOf, type Place } from "../data/place.ts";
import type { Path } from "../path.ts";
import { Bounds } from "./bounds.ts";
import { setOwn, type State, type StateNode } from "./state.ts";

/** What a reader makes of what it meets. `At` is what it knows of the place. */
export interface Reader<At> {
  /** The function as users call it, for errors. */
  readonly where: string;
  /** Where the whole is, for errors. @defaultValue the root */
  readonly prefix?: () => Path;
  /** What is known of the place under a key. */
  below(at: At, key: string): At;
  /**
   * The part of the State that a child is; nothing for a plain object that is to be read in turn.
   */
  part(child: unknown, at: At, path: () => Path): StateNode | undefined;
}

/** An object that is not left yet. */
interface Level<At> extends Place {
  readonly node: Readonly<Record<string, unknown>>;
  readonly at: At;
  readonly keys: readonly string[];
  readonly copy: Record<string, StateNode>;
  readonly part: string;
  readonly parent: Level<At> | undefined;
  /** Whether the copy equals the node so far, which may be kept then. */
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
  const bounds = new Bounds(where);
  const pathTo = (place: Place): Path => (prefix ? [...prefix(), ...pathOf(place)] : pathOf(place));
  const enter = (
    node: Level<At>["node"],
    known: At,
    part: string,
    parent: Level<At> | undefined,
  ): Level<At> => {
    bounds.enter(node, () => pathTo({ parent, part }));
    const same = Object.isFrozen(node);
    return { node, at: known, keys: Object.keys(node), copy: {}, part, parent, same, next: 0 };
  };
  let level = enter(root, at, "", undefined);
  for (;;) {
    const current: Level<At> = level;
    const key = current.keys[current.next++];
    if (key === undefined) {
      bounds.leave(current.node);
      const done = current.same ? (current.node as State) : Object.freeze(current.copy);
      if (!current.parent) return done;
      put(current.parent, current.part, done);
      level = current.parent;
      continue;
    }
    const child = current.node[key];
    const below = reader.below(current.at, key);
    const part = reader.part(child, below, () => pathTo({ parent: current, part: key }));
    if (part === undefined) level = enter(child as Level<At>["node"], below, key, current);
    else put(current, key, part);
  }
}

function put<At>(level: Level<At>, key: string, part: StateNode): void {
  setOwn(level.copy, key, part);
  if (part !== level.node[key]) level.same = false;
}
