/** @file A transformation for some of the parameters. */
import { type Filter, type Path, registerFactory, StructureError, toPredicate } from "@nnxjs/nnx-core";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import { type Flags, graft, haveSamePaths, prune, spread } from "../tree/select.ts";
import { align } from "../tree/structure.ts";
import { type Nested, otherPaths, type Tree } from "../tree/tree.ts";
import { variablesOf } from "../tree/variables.ts";
import {
  checkTransformation,
  type ExtraArgs,
  type GradientTransformation,
  type TransformationState,
} from "./transformation.ts";

/**
 * Which parameters are meant: `true` or `false` for each by path, or for all below a path; or a
 * function of the parameters that returns that. See `filterMask` for filters.
 */
export type Mask = Nested<boolean> | ((params: Tree) => Nested<boolean>);

/** Options of {@link masked} and `partition`. */
export interface MaskedOptions {
  /**
   * Leave the same parameters out of extra arguments that have the parameters' paths.
   * @defaultValue false
   */
  maskCompatibleExtraArgs?: boolean;
}

/** What the inner transformation remembers, of its parameters alone. */
type MaskedState = { readonly innerState: TransformationState };

/**
 * A transformation for some of the parameters. The others' updates pass as they are, and nothing is
 * remembered about them.
 * @param mask - A function is asked once in each step.
 * @throws StructureError for what is no transformation; and with the path, where the mask says
 * neither true nor false, or the inner transformation returns other paths.
 * @see `optax.masked`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 * import "@tensorflow/tfjs-backend-cpu";
 *
 * // Only what has two axes or more decays: no bias, no scale of a norm.
 * const decay = nnx.masked(nnx.addDecayedWeights(0.01), (params) => nnx.mapTree((p) => p.rank > 1, params));
 * const model = new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.chain(decay, nnx.adam(1e-3)));
 * ```
 */
export const masked: (
  inner: GradientTransformation,
  mask: Mask,
  options?: MaskedOptions,
) => GradientTransformation<MaskedState> = registerFactory("tx.masked", (inner, mask, options = {}) => {
  checkTransformation("masked", inner);
  checkOptions<MaskedOptions>("masked", options, { maskCompatibleExtraArgs: true });
  return maskedBy("masked", inner, (params) => flagsOf("masked", mask, params), options);
});

/** As {@link masked}, called by another name, with flags for every parameter. */
export function maskedBy(
  where: string,
  inner: GradientTransformation,
  flagsFor: (params: Tree) => Flags,
  { maskCompatibleExtraArgs = false }: MaskedOptions,
): GradientTransformation<MaskedState> {
  return {
    init: (params) => ({ innerState: inner.init(prune(where, "params", params, flagsFor(params))) }),
    update: (updates, { innerState }, params, extra) => {
      const flags = flagsFor(params);
      const [given, next] = inner.update(
        prune(where, "updates", updates, flags),
        innerState,
        prune(where, "params", params, flags),
        maskCompatibleExtraArgs && extra ? pruneExtra(where, extra, params, flags) : extra,
      );
      return [graft(where, updates, flags, given), { innerState: next }];
    },
  };
}

const pruneExtra = (where: string, extra: ExtraArgs, params: Tree, flags: Flags): ExtraArgs =>
  Object.fromEntries(
    Object.entries(extra).map(([name, value]) => [
      name,
      haveSamePaths(params, value) ? prune(where, name, value as Tree, flags) : value,
    ]),
  );

const isBoolean = (x: unknown): x is boolean => typeof x === "boolean";

/** What a mask says of each parameter. */
export function flagsOf(where: string, mask: Mask, params: Tree): Flags {
  const given: unknown = typeof mask === "function" ? mask(params) : mask;
  if (typeof mask === "function" && typeof given !== "object") {
    throw new StructureError(
      `${where}: expected the mask to return nested booleans, got ${String(given)}. ` +
        "A mask is a function of all parameters; give a filter of paths or types as filterMask(filter).",
    );
  }
  return spread(where, params, given, "true or false in the mask", isBoolean);
}

/**
 * A mask of the parameters that a filter matches: by path, by the type of their Variable, by tag.
 * For the transformations of an Optimizer; others have tensors alone.
 * @throws FilterError for what is no filter; StructureError when parameters come without Variables.
 * @example
 * ```ts
 * const tx = nnx.chain(nnx.masked(nnx.addDecayedWeights(0.01), nnx.filterMask(nnx.not(nnx.pathContains("bias")))), nnx.adam(1e-3));
 * ```
 */
export const filterMask: (filter: Filter) => (params: Tree) => Nested<boolean> = registerFactory(
  "tx.filterMask",
  (filter) => {
    const matches = toPredicate(filter);
    return (params) => mapVariables("filterMask", params, (path, variable) => matches(path, variable));
  },
);

/**
 * One value for each parameter, by its path and its Variable.
 * @throws StructureError when nobody said what the Variables are.
 */
export function mapVariables<R>(
  where: string,
  params: Tree,
  f: (path: Path, variable: unknown) => R,
): Nested<R> {
  const variables = variablesOf(params);
  if (variables === undefined) {
    throw new StructureError(
      `${where}: expected parameters of a model, whose Variables a filter sees, got tensors alone. ` +
        "Use it in an Optimizer, or write the paths out.",
    );
  }
  const { rows, finish } = align([params, variables], 1, otherPaths(where, ["params", "Variables"]));
  for (const row of rows) row.put(0, f(row.path().map(partOf), row.leaves[1]));
  return finish()[0] as Nested<R>;
}

/** As paths have it: an index is a number. */
const partOf = (key: string | number): string | number =>
  /^(0|[1-9]\d*)$/.test(String(key)) ? Number(key) : key;
