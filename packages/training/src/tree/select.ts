/** @file Parts of trees: some leaves without the others, and the whole again. */
import { formatPath, StructureError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { align, Prefix } from "./structure.ts";
import { type Nested, otherPaths, type Tree } from "./tree.ts";
import { variablesOf, withVariables } from "./variables.ts";

/** A tree with a boolean in the place of each tensor. */
export type Flags = Nested<boolean>;

/** What a tree was pruned from, and by which flags. */
const wholes = new WeakMap<Tree, { readonly tree: Tree; readonly flags: Flags }>();

/**
 * One value for each leaf of a tree, from a tree of the same paths or one that ends earlier. Of a tree
 * that was pruned, values may also be given for all leaves that it had.
 * @param what - What its leaves are, for messages.
 * @throws StructureError naming the path, where one is missing, left over, or none of `isFine`.
 */
export function spread<T>(
  where: string,
  tree: Tree,
  prefix: unknown,
  what: string,
  isFine: (x: unknown) => x is T,
): Nested<T> {
  const whole = wholes.get(tree);
  if (whole && !isPrefixOf(tree, prefix)) {
    const all = spread(where, whole.tree, prefix, what, isFine);
    return pruned1(where, what, all as unknown as Tree, whole.flags) as unknown as Nested<T>;
  }
  const { rows, finish } = align([tree, new Prefix(prefix)], 1, (path, _, got) =>
    refused(where, path, what, got),
  );
  for (const row of rows) {
    const value = row.leaves[1];
    if (!isFine(value)) throw refused(where, row.path(), what, value);
    row.put(0, value);
  }
  return finish()[0] as Nested<T>;
}

const refused = (where: string, path: readonly (string | number)[], what: string, got: unknown) =>
  new StructureError(
    `${where} at ${formatPath(path)}: expected ${what} for each parameter, or for all below a path, ` +
      `got ${got === undefined ? "nothing" : describe(got)}. Map the parameters with mapTree, or write the paths out.`,
  );

/** Each flag through `f`. */
export function mapFlags<T, R>(f: (flag: T) => R, flags: Nested<T>): Nested<R> {
  const { rows, finish } = align([flags], 1, otherPaths("mapFlags", []));
  for (const row of rows) row.put(0, f(row.leaves[0] as T));
  return finish()[0] as Nested<R>;
}

/** The tree without the leaves whose flag is false. Its Variables stay known. */
export function prune(where: string, what: string, tree: Tree, flags: Flags): Tree {
  const variables = variablesOf(tree);
  const pruned = pruned1(where, what, tree, flags);
  wholes.set(pruned, { tree, flags });
  return variables === undefined
    ? pruned
    : withVariables(pruned, pruned1(where, what, variables as Tree, flags));
}

function pruned1(where: string, what: string, tree: Tree, flags: Flags): Tree {
  const { rows, finish } = align([tree, flags], 1, otherPaths(where, [what, "mask"]));
  for (const row of rows) {
    if (row.leaves[1] === true) row.put(0, row.leaves[0]);
    else row.drop(0);
  }
  return finish()[0] as Tree;
}

/**
 * The tree with the leaves of a pruned one in the place of its own.
 * @throws StructureError naming the path, where `part` is not of the structure that `prune` gave.
 */
export function graft(where: string, tree: Tree, flags: Flags, part: Tree): Tree {
  const own = prune(where, "updates", tree, flags);
  const fresh = align([own, part], 0, otherPaths(where, ["updates", "inner updates"])).rows;
  const { rows, finish } = align([tree, flags], 1, otherPaths(where, ["updates", "mask"]));
  let next = 0;
  for (const row of rows) row.put(0, row.leaves[1] === true ? fresh[next++]?.leaves[1] : row.leaves[0]);
  return finish()[0] as Tree;
}

/** Whether two values have the same paths. */
export const haveSamePaths = (a: unknown, b: unknown): boolean => areAlike([a, b]);

/** Whether a tree has the paths of another one, or ends earlier. */
const isPrefixOf = (tree: Tree, prefix: unknown): boolean => areAlike([tree, new Prefix(prefix)]);

function areAlike(structures: readonly unknown[]): boolean {
  const differ = new StructureError("They differ.");
  try {
    align(structures, 0, () => differ);
    return true;
  } catch (error) {
    if (error === differ) return false;
    throw error;
  }
}
