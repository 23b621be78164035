/** @file Puts something else in the place of Variables in containers. */
import { isContainer, itemsOf, mapItems } from "../data/containers.ts";
import { isTensor } from "../tensor.ts";
import { Variable } from "../variable/variable.ts";

/** The containers with what `replace` gives in the place of Variables; those without stay themselves. */
export function mapVariables(value: unknown, replace: (variable: Variable) => unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Variable) return replace(value);
  return !isTensor(value) && isContainer(value) && holdsVariables(value)
    ? mapItems(value, (item) => mapVariables(item, replace))
    : value;
}

function holdsVariables(container: object): boolean {
  for (const item of itemsOf(container)) {
    if (typeof item !== "object" || item === null) continue;
    if (item instanceof Variable) return true;
    if (!isTensor(item) && isContainer(item) && holdsVariables(item)) return true;
  }
  return false;
}
