/** @file A transformation for some of the parameters. */
import {
  isVariableState,
  type Path,
  type PathPart,
  type Predicate,
  printFilter,
  type PureState,
  registerFactory,
  StructureError,
  Variable,
} from "@nnxjs/nnx-core";
import { asksForPathsOnly, checkOptions, describe, isDescribed } from "@nnxjs/nnx-core/internal";
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

/** Booleans by path. One in the place of a record counts for all that is below it. */
export type MaskTree = PureState<boolean>;

/**
 * A filter that `pathContains`, `ofType`, `not` and their like made. The second signature is no
 * other: with it, TypeScript knows what `(params) => …` takes where either may stand.
 */
export interface MaskFilter {
  (path: Path, value: unknown): boolean;
  <T>(path: Path, value: T): boolean;
}

/**
 * Which parameters are meant: all or none, booleans by path, a function of the parameters that
 * returns these, or a filter. A filter of types or tags sees the Variables of the model that an
 * Optimizer trains; a predicate of your own stands in `anyOf(predicate)`, a class in `ofType`.
 */
export type Mask = boolean | MaskTree | ((params: Tree) => MaskTree) | MaskFilter;

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
 * // Only what has two axes or more decays: no bias, no scale of a norm. The same for this model:
 * // nnx.not(nnx.pathContains("bias")).
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
  return maskedWith("masked", inner, (params) => flagsOf("masked", mask, params), options);
});

/** As {@link masked}, called by another name, with flags for every parameter. */
export function maskedWith(
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
  if (isDescribed(mask)) return mapVariables(where, params, mask, [mask]);
  const given: unknown = typeof mask === "function" ? (mask as (params: Tree) => unknown)(params) : mask;
  if (typeof mask === "function" && typeof given !== "object") {
    throw new StructureError(
      `${where}: expected the mask to return booleans by path, got ${describe(given)}. ` +
        "It is called with all parameters; a predicate of one path stands in anyOf(predicate).",
    );
  }
  return spread(where, params, given, "true or false in the mask", isBoolean);
}

/**
 * One value for each parameter, by its path and its Variable.
 * @param filters - What `f` asks; where nobody said what the Variables are, it may ask for paths.
 * @throws StructureError when a filter asks for more than is known.
 */
export function mapVariables<R>(
  where: string,
  params: Tree,
  f: (path: Path, variable: unknown) => R,
  filters: readonly Predicate[],
): Nested<R> {
  const variables = variablesOf(params);
  const odd = variables ? undefined : filters.find((filter) => !asksForPathsOnly(filter));
  if (odd) {
    throw new StructureError(
      `${where}: expected parameters of a model, whose Variables ${printFilter(odd)} asks for, got tensors alone. ` +
        "Use it in an Optimizer, or pass a filter of paths, or booleans by path.",
    );
  }
  const names = ["params", "Variables"];
  const { rows, finish } = align([params, variables ?? params], 1, otherPaths(where, names));
  for (const row of rows) {
    const [tensor, place] = row.leaves;
    // What has no Variable is known to filters as the tensor.
    const variable = place instanceof Variable || isVariableState(place) ? place : tensor;
    row.put(0, f(row.path().map(partOf), variable));
  }
  return finish()[0] as Nested<R>;
}

/** As filters know paths: an index is a number. */
const partOf = (key: PathPart): PathPart => (/^(0|[1-9]\d*)$/.test(String(key)) ? Number(key) : key);
