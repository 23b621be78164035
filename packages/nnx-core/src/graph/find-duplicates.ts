/** @file What a model has at more than one path. */
import { type Filter, toPredicate } from "../filter/filter.ts";
import type { Path, PathPart } from "../path.ts";
import { cyclicContainer } from "./flatten.ts";
import { type Frame, partIn, pathOf } from "./frame.ts";
import { keysOf } from "./keys.ts";
import { childAt, classify, type Kind } from "./node.ts";

/** Where something is, without the path, which is made for duplicates only. */
interface Place {
  readonly frame: Frame | undefined;
  readonly part: PathPart;
}

const pathTo = ({ frame, part }: Place): Path => (frame ? [...pathOf(frame), part] : []);

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
    } else visit(childAt(current.value, key), partIn(current.value, key));
  }
  return [...placesOf].flatMap(([value, places]) => {
    if (places.length < 2) return [];
    const paths = places.map(pathTo);
    return matches(paths[0] as Path, value) ? [paths] : [];
  });
}
