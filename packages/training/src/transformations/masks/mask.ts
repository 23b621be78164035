/** @file Which parameters are meant. */
import {
  formatPath,
  isVariableState,
  type Path,
  type Predicate,
  printFilter,
  type PureState,
  StructureError,
  Variable,
} from "@nnxjs/nnx-core";
import { asksForPathsOnly, describe, isClass, isDescribed, partFromKey } from "@nnxjs/nnx-core/internal";
import { type Flags, spread } from "../../tree/select.ts";
import { align, isBranch, type Mismatch } from "../../tree/structure.ts";
import { type Nested, otherPaths, type Tree } from "../../tree/tree.ts";
import { variablesOf } from "../../tree/variables.ts";
import type { Option } from "../options.ts";

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
 * returns these, or a filter. Filters see paths, and the Variables of the model that an Optimizer
 * trains: `ofType`, `withTag` and predicates of your own need an Optimizer. A predicate stands in
 * `anyOf(predicate)`, a class in `ofType(Class)`.
 * @see `optax.masked`
 */
export type Mask = boolean | MaskTree | ((params: Tree) => MaskTree) | MaskFilter;

// There is one structure only.
const alone: Mismatch = (path) => new StructureError(formatPath(path));

/** @throws StructureError for what is no mask. What a function returns is checked in the step. */
export function checkMask(where: string, name: string, mask: unknown): void {
  if (isClass(mask)) throw noMask(where, name, mask);
  if (typeof mask === "function" || typeof mask === "boolean") return;
  if (!isBranch(mask)) throw noMask(where, name, mask);
  const odd = align([mask], 0, alone).rows.find(({ leaves }) => typeof leaves[0] !== "boolean");
  if (odd) throw noMask(`${where} at ${formatPath(odd.path())}`, name, odd.leaves[0]);
}

const noMask = (where: string, name: string, got: unknown): StructureError =>
  new StructureError(
    `${where}: expected ${name} to be made of booleans, got ${describe(got)}. ` +
      "Pass true or false for each parameter, a function of the parameters that does, or a filter such as " +
      "pathContains or ofType.",
  );

/** An option for which parameters; `null` for all. */
export const maskOption: Option<Mask | null> = {
  standard: null,
  check: (where, name, mask) => {
    if (mask !== null) checkMask(where, name, mask);
  },
};

const isBoolean = (x: unknown): x is boolean => typeof x === "boolean";

/** What a mask says of each parameter. */
export function flagsOf(where: string, mask: Mask, params: Tree): Flags {
  if (isDescribed(mask)) return mapVariables(where, params, mask, [mask]);
  const given: unknown = typeof mask === "function" ? (mask as (params: Tree) => unknown)(params) : mask;
  // What looks at its argument and says one boolean was most likely meant for one path.
  if (typeof mask === "function" && mask.length > 0 && typeof given !== "object") {
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
    row.put(
      0,
      f(
        row.path().map((key) => partFromKey(String(key))),
        variable,
      ),
    );
  }
  return finish()[0] as Nested<R>;
}
