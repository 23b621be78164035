/** @file Which parameters a transformation is about. */
import { formatPath, type Path, pathKey, type Predicate, printFilter, StructureError } from "@nnxjs/nnx-core";
import { asksForTypes, describe, isPlainObject, partFromKey } from "@nnxjs/nnx-core/internal";
import { align, type Mismatch, newBranch } from "../tree/structure.ts";
import { checkAlike, leavesOf, type Tree } from "../tree/tree.ts";
import type { Option } from "./options.ts";
import type { GradientTransformation, TransformationState } from "./transformation.ts";

/** Booleans by path. One in the place of a record counts for all that is below it. */
export interface MaskTree {
  readonly [key: string]: boolean | MaskTree;
}

/**
 * A filter of paths, as `pathContains`, `pathIn`, `anyOf`, `allOf` and `not` give them. The second
 * signature is no other: with it, TypeScript knows what `(params) => …` takes where either may stand.
 */
export interface MaskFilter {
  (path: Path, value: unknown): boolean;
  <T>(path: Path, value: T): boolean;
}

/**
 * Which parameters: all or none, booleans by path, a function that makes these of the parameters,
 * or a filter of paths. Filters see paths and tensors, so that types and tags are refused. What is
 * to be asked `(path, tensor)` stands in `anyOf`.
 * @see `optax.masked`
 */
export type Mask = boolean | MaskTree | ((params: Tree) => boolean | MaskTree) | MaskFilter;

/** The filter, if that is what the mask is. */
const filterOf = (mask: unknown): Predicate | undefined =>
  typeof mask === "function" && asksForTypes(mask as Predicate) !== undefined
    ? (mask as Predicate)
    : undefined;

// There is one structure only.
const alone: Mismatch = (path) => new StructureError(formatPath(path));

/** An option for which parameters; `null` for all. */
export const maskOption: Option<Mask | null> = {
  standard: null,
  check: (where, name, mask) => {
    const filter = filterOf(mask);
    if (filter && asksForTypes(filter)) {
      throw new StructureError(
        `${where}: expected ${name} to look at paths, got ${printFilter(filter)}. ` +
          "Transformations see tensors without Variables: pass pathContains, pathIn, or booleans by path.",
      );
    }
    if (mask !== null && typeof mask !== "function") checkMask(where, name, mask);
  },
};

function checkMask(where: string, name: string, mask: unknown): asserts mask is boolean | MaskTree {
  if (typeof mask !== "boolean" && !isPlainObject(mask)) throw noMask(where, name, mask);
  const odd = align([mask], 0, alone).rows.find(({ leaves }) => typeof leaves[0] !== "boolean");
  if (odd) throw noMask(`${where} at ${formatPath(odd.path())}`, name, odd.leaves[0]);
}

const noMask = (where: string, name: string, got: unknown): StructureError =>
  new StructureError(
    `${where}: expected ${name} to be made of booleans, got ${describe(got)}. ` +
      "Pass true or false for each parameter, a function of the parameters that does, or a filter such as pathContains.",
  );

/** For each tensor of the parameters, in their order, whether the mask has it. */
function selectionOf(where: string, mask: Mask, params: Tree): readonly boolean[] {
  const rows = align([params], 0, alone).rows;
  const filter = filterOf(mask);
  if (filter) return rows.map((row) => filter(row.path().map(partOf), row.leaves[0]));
  const given: unknown = typeof mask === "function" ? (mask as (params: Tree) => unknown)(params) : mask;
  checkMask(where, "mask", given);
  const used = new Set<string>();
  const found = rows.map((row) => valueAt(where, given, row.path(), used));
  const stray = align([given], 0, alone).rows.find((row) => !used.has(pathKey(row.path())));
  if (stray) throw misfit(where, stray.path(), "a mask with the paths of the parameters", stray.leaves[0]);
  return found;
}

/** Paths of trees are of strings; a filter knows list indices as numbers. */
const partOf = (part: string | number): string | number => partFromKey(String(part));

function valueAt(where: string, mask: boolean | MaskTree, path: Path, used: Set<string>): boolean {
  let at: boolean | MaskTree | undefined = mask;
  let depth = 0;
  while (typeof at === "object" && depth < path.length) {
    const key = String(path[depth++]);
    at = Object.hasOwn(at, key) ? at[key] : undefined;
  }
  if (typeof at !== "boolean") throw misfit(where, path, "a mask that says true or false", at);
  used.add(pathKey(path.slice(0, depth)));
  return at;
}

const misfit = (where: string, path: Path, expected: string, got: unknown): StructureError =>
  new StructureError(
    `${where} at ${formatPath(path)}: expected ${expected}, got ${got === undefined ? "nothing" : describe(got)}. ` +
      "Make the mask for this model.",
  );

/** The selected part of a tree. */
function pick(tree: Tree, selection: readonly boolean[]): Tree {
  const picked = newBranch();
  align([tree], 0, alone).rows.forEach((row, i) => {
    if (!selection[i]) return;
    const path = row.path();
    let at = picked;
    for (const key of path.slice(0, -1)) {
      at[key] ??= newBranch();
      at = at[key] as Record<string, unknown>;
    }
    at[path.at(-1) as string] = row.leaves[0];
  });
  return picked as Tree;
}

/** The tree with other tensors in the selected places. */
function replace(tree: Tree, selection: readonly boolean[], part: Tree): Tree {
  const { rows, finish } = align([tree], 1, alone);
  const others = leavesOf(part);
  let next = 0;
  rows.forEach((row, i) => {
    row.put(0, selection[i] ? others[next++] : row.leaves[0]);
  });
  return finish()[0] as Tree;
}

/**
 * A transformation of the selected parameters alone; the updates of the others pass as they are.
 * Without a mask it is the transformation itself.
 * @see `optax.masked`
 */
export function maskedBy(
  where: string,
  inner: GradientTransformation,
  mask: Mask | null,
): GradientTransformation {
  if (mask === null) return inner;
  return {
    init: (params) => ({ innerState: inner.init(pick(params, selectionOf(where, mask, params))) }),
    update: (updates, state, params) => {
      checkAlike(where, { updates, params });
      const selection = selectionOf(where, mask, params);
      const { innerState } = state as { innerState: TransformationState };
      const [part, next] = inner.update(pick(updates, selection), innerState, pick(params, selection));
      return [replace(updates, selection, part), { innerState: next }];
    },
  };
}
