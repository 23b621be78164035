/** @file Puts something else in the place of Variables in containers. */
import { isContainer, itemsOf, mapItems } from "../data/containers.ts";
import { isTensor } from "../tensor.ts";
import { Variable } from "../variable/variable.ts";

/** The containers with what `replace` gives in the place of Variables; those without stay themselves. */
export function mapVariables(value: unknown, replace: (variable: Variable) => unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Variable) return replace(value);
  if (isTensor(value) || !isContainer(value)) return value;
  const own = Array.from(itemsOf(value));
  const items = own.map((item) => mapVariables(item, replace));
  if (items.every((item, i) => Object.is(item, own[i]))) return value;
  let next = 0;
  return mapItems(value, () => items[next++]);
}
