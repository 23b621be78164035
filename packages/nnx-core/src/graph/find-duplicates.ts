/** @file What a model has at more than one path. */
import { type Filter, toPredicate } from "../filter/filter.ts";
import type { Path, PathPart } from "../path.ts";
import { cyclicContainer } from "./flatten.ts";
import { keysOf, partOfMapKey } from "./keys.ts";
import { childAt, classify, type Kind } from "./node.ts";

interface Frame {
  readonly value: object;
  readonly keys: readonly PathPart[];
  readonly parent: Frame | undefined;
  readonly part: PathPart;
  next: number;
}

/** Where something is, without the path, which is made for duplicates only. */
interface Place {
  readonly frame: Frame | undefined;
  readonly part: PathPart;
}

function pathTo({ frame, part }: Place): Path {
  if (!frame) return [];
  const path = [part];
  for (let f: Frame | undefined = frame; f?.parent; f = f.parent) path.push(f.part);
  return path.reverse();
}

/** How {@link findDuplicates} selects. */
export interface DuplicateOptions {
  /** Which modules, Variables and arrays. @defaultValue all */
  only?: Filter;
}

/**
 * The paths of each module, Variable and array that is reached by more than one: all paths of an object together, first path first. What is
 * below a shared module is looked at once.
 * @see Flax `nnx.find_duplicates`
 */
export function findDuplicates(node: unknown, { only = true }: DuplicateOptions = {}): Path[][] {
  const matches = toPredicate(only);
  const placesOf = new Map<object, Place[]>();
  const openContainers = new Set<object>();
  let frame: Frame | undefined;
  const visit = (value: unknown, part: PathPart): void => {
    const kind: Kind = classify(value);
    if (kind === "static") return;
    const object = value as object;
    const place: Place = { frame, part };
    if (kind === "container") {
      if (openContainers.has(object)) throw cyclicContainer(pathTo(place));
      openContainers.add(object);
    } else {
      const known = placesOf.get(object);
      if (known) known.push(place);
      else placesOf.set(object, [place]);
      if (known || kind !== "node") return;
    }
    frame = { value: object, keys: keysOf(object, () => pathTo(place)), parent: frame, part, next: 0 };
  };
  visit(node, "");
  while (frame) {
    const current: Frame = frame;
    const key = current.keys[current.next++];
    if (key === undefined) {
      openContainers.delete(current.value);
      frame = current.parent;
    } else visit(childAt(current.value, key), current.value instanceof Map ? partOfMapKey(key) : key);
  }
  return [...placesOf].flatMap(([value, places]) => {
    if (places.length < 2) return [];
    const paths = places.map(pathTo);
    return matches(paths[0] as Path, value) ? [paths] : [];
  });
}
