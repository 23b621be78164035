/**
 * @file The Variables that parameters came from. A transformation sees tensors by path; a filter
 * asks for types, too.
 */
import type { Tree } from "./tree.ts";

const byTree = new WeakMap<Tree, object>();

/** Remembers what the Variables of a tree of parameters are: records of the same paths. */
export function withVariables(params: Tree, variables: object): Tree {
  byTree.set(params, variables);
  return params;
}

/** The Variables of a tree of parameters; nothing where nobody said which they are. */
export const variablesOf = (params: Tree): object | undefined => byTree.get(params);
