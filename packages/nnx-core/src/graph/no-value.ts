/** @file Tells values from parts of models and States. */
import { nested } from "../data/containers.ts";
import { isVariableState } from "../variable/variable-state.ts";
import { Variable } from "../variable/variable.ts";
import { GraphNode } from "./node.ts";

/**
 * Whether something cannot be the value of a Variable: a module, a Variable, or a container with
 * the leaf of a Variable in it.
 */
export function isNoValue(value: unknown): boolean {
  if (value instanceof GraphNode || value instanceof Variable) return true;
  for (const each of nested(value)) if (isVariableState(each)) return true;
  return false;
}
