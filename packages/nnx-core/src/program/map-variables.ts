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
      if (Object.is(item, value[i])) continue;
      made ??= Array.from(value as readonly unknown[]);
      made[i] = item;
    }
    return made ?? value;
  }
  if (value instanceof Map) {
    let made: Map<unknown, unknown> | undefined;
    for (const [key, own] of value as ReadonlyMap<unknown, unknown>) {
      const item = mapVariables(own, replace);
      if (Object.is(item, own)) continue;
      made ??= new Map(value);
      made.set(key, item);
    }
    return made ?? value;
  }
  if (!isPlainObject(value)) return value;
  let made: Record<string, unknown> | undefined;
  for (const key of Object.keys(value)) {
    const item = mapVariables(value[key], replace);
    if (Object.is(item, value[key])) continue;
    // The copy has the key itself, even "__proto__".
    made ??= { ...value };
    made[key] = item;
  }
  return made ?? value;
}
