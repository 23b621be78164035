/** @file Puts something else in the place of Variables in containers. */
import { isContainer, replaceItems } from "../data/containers.ts";
import { isTensor } from "../tensor.ts";
import { Variable } from "../variable/variable.ts";

/** The containers with what `replace` gives in the place of Variables; those without stay themselves. */
export function mapVariables(value: unknown, replace: (variable: Variable) => unknown): unknown {
  if (typeof value !== "object" || value === null || isTensor(value)) return value;
  if (value instanceof Variable) return replace(value);
  return isContainer(value) ? replaceItems(value, (item) => mapVariables(item, replace)) : value;
}
