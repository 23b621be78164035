/**
 * @file The Variables that parameters came from. A transformation sees tensors by path; a filter
 * asks for types, too.
 */
import { StructureError, Variable } from "@nnxjs/nnx-core";
import { align } from "./structure.ts";
import type { Tree } from "./tree.ts";

const byTree = new WeakMap<Tree, object>();

/** Remembers what the Variables of a tree of parameters are: records of the same paths. */
export function withVariables(params: Tree, variables: object): Tree {
  byTree.set(params, variables);
  return params;
}

/** The Variables of a tree of parameters; nothing where nobody said which they are. */
export const variablesOf = (params: Tree): object | undefined => byTree.get(params);

/**
 * Variables of the types and metadata of a tree's own, without values: what is kept of a recorded
 * step must not keep the model.
 */
export function likenesses(params: Tree): object {
  const differ = (): Error => new StructureError("A tree differs from itself.");
  const { rows, finish } = align([variablesOf(params)], 1, differ);
  for (const row of rows) {
    const [place] = row.leaves;
    row.put(0, place instanceof Variable ? place.copy(undefined) : place);
  }
  return finish()[0] as object;
}
