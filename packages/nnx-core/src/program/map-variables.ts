/** @file Puts something else in the place of Variables in containers. */
import { isContainer, itemsOf, mapItems } from "../data/containers.ts";
import { isTensor } from "../tensor.ts";
import { Variable } from "../variable/variable.ts";

/** The containers with what `replace` gives in the place of Variables; those without stay themselves. */
export function mapVariables(value: unknown, replace: (variable: Variable) => unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Variable) return replace(value);
  if (isTensor(value) || !isContainer(value)) return value;
  let holdsVariables = false;
  const items = Array.from(itemsOf(value), (item) => {
    const mapped = mapVariables(item, replace);
    holdsVariables ||= mapped !== item;
    return mapped;
  });
  if (!holdsVariables) return value;
  let next = 0;
  return mapItems(value, () => items[next++]);
}
