/** @file What a model has at more than one path. */
import { checkOptions } from "../data/options.ts";
import { needsPath } from "../filter/description.ts";
import { type Filter, toPredicate } from "../filter/filter.ts";
import type { Path, PathPart } from "../path.ts";
import { Bounds, graphAdvice } from "../state/bounds.ts";
import { isVariableState } from "../variable/variable-state.ts";
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
  /** Which paths count beside an object's first one, by the path and the module, Variable or array. @defaultValue all */
  only?: Filter;
}

/**
 * The paths of each module, Variable and array that is reached by more than one: all paths of an object together, first path first. What is
 * below a shared module is looked at once. `only` is asked about each path but the first.
 * @see Flax `nnx.find_duplicates`
 */
export function findDuplicates(node: unknown, options: DuplicateOptions = {}): Path[][] {
  checkOptions<DuplicateOptions>("findDuplicates", options, { only: true });
  const { only = true } = options;
  const matches = toPredicate(only);
  const needPaths = needsPath(matches);
  const placesOf = new Map<object, Place[]>();
  const holding = new Set<object>();
  const containers = new Bounds("findDuplicates", graphAdvice);
  let frame: Frame | undefined;
  const visit = (value: unknown, part: PathPart): void => {
    const kind: Kind = classify(value, holding);
    if (kind === "static") return;
    const object = value as object;
    const place: Place = { frame, part };
    if (kind === "container") {
      containers.enter(object, () => pathTo(place));
    } else {
      // A leaf of a State has no identity: it is a value, whoever has it.
      if (kind === "leaf" && isVariableState(object)) return;
      const known = placesOf.get(object);
      if (!known) placesOf.set(object, [place]);
      else if (matches(needPaths ? pathTo(place) : [], object)) known.push(place);
      if (known || kind !== "node") return;
    }
    frame = { value: object, keys: keysOf(object, () => pathTo(place)), parent: frame, part, next: 0 };
  };
  visit(node, "");
  while (frame) {
    const current: Frame = frame;
    const key = current.keys[current.next++];
    if (key === undefined) {
      containers.leave(current.value);
      frame = current.parent;
    } else visit(childAt(current.value, key), partIn(current.value, key));
  }
  return [...placesOf.values()].filter((places) => places.length > 1).map((places) => places.map(pathTo));
}
