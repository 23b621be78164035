/** @file Finds the objects that a model has at more than one path. */
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
   * Selects which paths beside an object's first one count. It gets the path and the module,
   * Variable or array.
   * @defaultValue all
   */
  only?: Filter;
}

/**
 * Returns the paths of each module, Variable and array that has more than one. Each list has all
 * paths of one object, its first path first. The parts of a shared module are visited once. `only`
 * is called for each path but the first.
 * @param node - The model.
 * @see Flax `nnx.find_duplicates`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const shared = new nnx.Linear(4, 4, { rngs: new nnx.Rngs(0) });
 * nnx.findDuplicates({ encoder: shared, decoder: shared }); // => [[["decoder"], ["encoder"]]]
 * ```
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
      // The leaf of a Variable in a State is a value without identity, so it has no duplicates.
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
