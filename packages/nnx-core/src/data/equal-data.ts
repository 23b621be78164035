/** @file Equality of plain data: static attributes and metadata. */
import { containerKind } from "./containers.ts";

/**
 * Whether two values are equal. Primitives are compared with `Object.is`. Arrays, plain objects and
 * Maps are compared by their items. Functions and instances of classes are compared by identity or
 * by `same`.
 * @param same - What else counts as equal.
 */
export function equalData(
  a: unknown,
  b: unknown,
  same: (a: unknown, b: unknown) => boolean = () => false,
): boolean {
  const open: [unknown, unknown][] = [[a, b]];
  // Pairs whose comparison has begun. A repeated pair is skipped, so cyclic values come to an end.
  const assumed = new Map<object, Set<object>>();
  for (let next = open.pop(); next; next = open.pop()) {
    const [x, y] = next;
    if (Object.is(x, y) || same(x, y)) continue;
    if (typeof x !== "object" || typeof y !== "object" || x === null || y === null) return false;
    const partners = assumed.get(x) ?? new Set();
    if (partners.has(y)) continue;
    assumed.set(x, partners.add(y));
    const kind = containerKind(x);
    if (kind === undefined || kind !== containerKind(y)) return false;
    if (x instanceof Map && y instanceof Map) {
      if (x.size !== y.size) return false;
      for (const [key, value] of x) {
        if (!y.has(key)) return false;
        open.push([value, y.get(key)]);
      }
    } else {
      const keys = Object.keys(x);
      if (keys.length !== Object.keys(y).length) return false;
      for (const key of keys) {
        if (!Object.hasOwn(y, key)) return false;
        open.push([Reflect.get(x, key), Reflect.get(y, key)]);
      }
    }
  }
  return true;
}
