/** @file Telling values from parts of models and States. */
import { nested } from "../data/containers.ts";
import { isVariableState } from "../variable/variable-state.ts";
import { Variable } from "../variable/variable.ts";
import { GraphNode } from "./node.ts";

/**
 * Whether something is a module or a Variable, or has a leaf of a State in its lists and objects:
 * no Variable can hold it as its value.
 */
export function isNoValue(value: unknown): boolean {
  if (value instanceof GraphNode || value instanceof Variable) return true;
  for (const each of nested(value)) if (isVariableState(each)) return true;
  return false;
}
