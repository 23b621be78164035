/** @file Puts something else in the place of Variables in containers. */
import { isPlainObject } from "../data/plain-object.ts";
import { isTensor } from "../tensor.ts";
import { Variable } from "../variable/variable.ts";

/** The containers with what `replace` gives in the place of Variables; those without stay themselves. */
export function mapVariables(value: unknown, replace: (variable: Variable) => unknown): unknown {
  if (typeof value !== "object" || value === null || isTensor(value)) return value;
  if (value instanceof Variable) return replace(value);
  if (Array.isArray(value)) {
    let made: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const item = mapVariables(value[i], replace);
      if (!Object.is(item, value[i])) (made ??= Array.from(value as readonly unknown[]))[i] = item;
    }
    return made ?? value;
  }
  if (value instanceof Map) {
    let made: Map<unknown, unknown> | undefined;
    for (const [key, own] of value as ReadonlyMap<unknown, unknown>) {
      const item = mapVariables(own, replace);
      if (!Object.is(item, own)) (made ??= new Map(value)).set(key, item);
    }
    return made ?? value;
  }
  if (!isPlainObject(value)) return value;
  let made: Record<string, unknown> | undefined;
  for (const key of Object.keys(value)) {
    const item = mapVariables(value[key], replace);
    // The copy has the key itself, even "__proto__".
    if (!Object.is(item, value[key])) (made ??= { ...value })[key] = item;
  }
  return made ?? value;
}
