/** @file Makes a new model by applying a function to every leaf. */
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
   * Whether a value that `f` returns becomes a Variable with the old type and metadata. `false`
   * puts the value itself in the place of the Variable.
   * @defaultValue true
   */
  recreateVariables?: boolean;
}

const noMetadata: Metadata = Object.freeze({});

/**
 * Makes a new model with the results of `f` for each leaf. A result is a leaf `{ type, value,
 * metadata }`, or a value alone. The given model does not change.
 * @param node - The model.
 * @throws {@link StructureError} for options that are not known; errors of `f` pass through.
 * @see Flax `nnx.map`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const halved = nnx.map((_path, leaf) => tf.mul(nnx.leafValue<tf.Tensor>(leaf), 0.5), model);
 * [halved instanceof nnx.Linear, halved.kernel === model.kernel]; // => [true, false]
 * ```
 */
export function map<M>(
  f: (path: Path, leaf: LeafIn<StateOf<M>>) => unknown,
  node: M,
  options: MapOptions = {},
): M {
  checkFunction("map", f, "f, model");
  checkOptions<MapOptions>("map", options, { recreateVariables: true });
  const { recreateVariables = true } = options;
  const [graphdef, states] = take("map", node, []);
  const [values] = states as [OwnedState];
  // If Variables are not made again: the values that replace them, by leaf.
  const bare = new Map<StateLeaf, unknown>();
  let mapped = values;
  try {
    mapped = mapLeaves(
      "map",
      (path, leaf) => {
        const result = (f as (path: Path, leaf: StateLeaf) => unknown)(path, leaf);
        if (isVariableState(result)) return result;
        if (recreateVariables) return withValue(leaf, result);
        // A new object for each leaf, since the same leaf at two paths would be one key of `bare`.
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
