/** @file What a model has at more than one path. */
import { pathOf, type Place } from "../data/place.ts";
import { checkOptions } from "../data/options.ts";
import { needsPath } from "../filter/description.ts";
import { type Filter, toPredicate } from "../filter/filter.ts";
import type { Path } from "../path.ts";
import { Bounds, graphAdvice } from "../state/bounds.ts";
import { isVariableState } from "../variable/variable-state.ts";
import { Walk } from "./walk.ts";

/** How {@link findDuplicates} selects. */
export interface DuplicateOptions {
  /**
   * Which paths count beside an object's first one, by the path and the module, Variable or array.
   * @defaultValue all
   */
  only?: Filter;
}

/**
 * The paths of each module, Variable and array that is reached by more than one: all paths of an
 * object together, first path first. What is below a shared module is looked at once. `only` is
 * asked about each path but the first.
 * @see Flax `nnx.find_duplicates`
 */
export function findDuplicates(node: unknown, options: DuplicateOptions = {}): Path[][] {
  checkOptions<DuplicateOptions>("findDuplicates", options, { only: true });
  const { only = true } = options;
  const matches = toPredicate(only);
  const needPaths = needsPath(matches);
  const placesOf = new Map<object, Place[]>();
  const walk = new Walk(node, { bounds: new Bounds("findDuplicates", graphAdvice) });
  while (walk.next()) {
    const { kind } = walk;
    if (kind === "static" || kind === "left") continue;
    const value = walk.value as object;
    if (kind !== "container") {
      // A leaf of a State has no identity: it is a value, whoever has it.
      if (kind === "leaf" && isVariableState(value)) continue;
      const known = placesOf.get(value);
      if (!known) placesOf.set(value, [walk.place()]);
      else if (matches(needPaths ? walk.path() : [], value)) known.push(walk.place());
      if (known || kind !== "node") continue;
    }
    walk.enter();
  }
  return [...placesOf.values()].filter((places) => places.length > 1).map((places) => places.map(pathOf));
}
