/** @file Models from models: every leaf through a function. */
import { checkFunction } from "../data/functions.ts";
import { checkOptions } from "../data/options.ts";
import type { Path } from "../path.ts";
import { disposeState } from "../state/builder.ts";
import { mapLeaves, withValue } from "../state/map.ts";
import { leafValue, type OwnedState, type StateLeaf } from "../state/state.ts";
import type { LeafIn, StateOf } from "../state/state-of.ts";
import { isVariableState, type Metadata } from "../variable/variable-state.ts";
import { Variable } from "../variable/variable.ts";
import { take } from "./split.ts";
import { newParts, unflatten } from "./unflatten.ts";

/** How {@link map} treats results. */
export interface MapOptions {
  /**
   * A value that `f` returns becomes a Variable of the old type and metadata; `false` puts it in
   * the Variable's place.
   * @defaultValue true
   */
  recreateVariables?: boolean;
}

const noMetadata: Metadata = Object.freeze({});

/**
 * A new model whose leaves are what `f` makes of the model's: a leaf `{ type, value, metadata }`,
 * or a value alone. The model stays as it is.
 * @see Flax `nnx.map`
 */
export function map<M>(
  f: (path: Path, leaf: LeafIn<StateOf<M>>) => unknown,
  node: M,
  options: MapOptions = {},
): M {
  checkFunction("map", f, "f, model");
  checkOptions<MapOptions>("map", options, { recreateVariables: true });
  const { recreateVariables = true } = options;
  const [graphdef, states] = take("map", node, [], { exhaustive: true });
  const [values] = states as [OwnedState];
  // Where Variables are not made again: the value in the place of each, by its leaf.
  const bare = new Map<StateLeaf, unknown>();
  let mapped = values;
  try {
    mapped = mapLeaves(
      "map",
      (path, leaf) => {
        const result = (f as (path: Path, leaf: StateLeaf) => unknown)(path, leaf);
        if (isVariableState(result)) return result;
        if (recreateVariables) return withValue(leaf, result);
        // A leaf of its own, since equal leaves would be one key.
        const stand = Object.freeze(
          isVariableState(leaf) ? { ...leaf } : { type: Variable, value: leaf, metadata: noMetadata },
        );
        bare.set(stand, result);
        return stand;
      },
      values,
    );
    if (bare.size === 0) return unflatten(graphdef, [mapped]);
    const resultOf = (leaf: StateLeaf): unknown => (bare.has(leaf) ? bare.get(leaf) : leafValue(leaf));
    return unflatten(graphdef, [mapped], {
      ...newParts,
      variable: (_, leaf) => resultOf(leaf),
      array: resultOf,
      leaf: (leaf) => withValue(leaf, resultOf(leaf)),
    });
  } finally {
    for (const each of [values, mapped]) disposeState(each);
  }
}
