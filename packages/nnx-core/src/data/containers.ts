/** @file Arrays, plain objects and Maps, which models, States and results are nested in. */
import { isPlainObject } from "./plain-object.ts";

/** Containers have no identity: `merge` makes two of a container that was reached twice. */
export type ContainerKind = "array" | "record" | "map";

/** The kind of an array, plain object or Map; `undefined` for everything else. */
export function containerKind(x: unknown): ContainerKind | undefined {
  if (typeof x !== "object" || x === null) return undefined;
  if (Array.isArray(x)) return "array";
  if (x instanceof Map) return "map";
  return isPlainObject(x) ? "record" : undefined;
}

/** Whether `x` is an array, plain object or Map. */
export const isContainer = (x: unknown): x is object => containerKind(x) !== undefined;

/** The items of a container, or the attributes of another object, without their keys. */
export function itemsOf(x: object): Iterable<unknown> {
  if (Array.isArray(x)) return x as readonly unknown[];
  return x instanceof Map ? (x as ReadonlyMap<unknown, unknown>).values() : Object.values(x);
}

/**
 * The keys of a container, or of another object's attributes, in the object's own order. Paths
 * are sorted differently.
 */
export function ownKeysOf(x: object): readonly unknown[] {
  if (Array.isArray(x)) {
    const keys = new Array<number>(x.length);
    for (let i = 0; i < keys.length; i++) keys[i] = i;
    return keys;
  }
  return x instanceof Map ? [...(x as ReadonlyMap<unknown, unknown>).keys()] : Object.keys(x);
}

/**
 * The keys and items of a container in its own order. Items of arrays have their index as text; holes
 * are items, and what else is put on an array is none.
 */
export function entriesOf(x: object): readonly (readonly [key: unknown, item: unknown])[] {
  if (x instanceof Map) return [...(x as ReadonlyMap<unknown, unknown>)];
  if (!Array.isArray(x)) return Object.entries(x);
  const entries = new Array<readonly [string, unknown]>(x.length);
  for (let i = 0; i < x.length; i++) entries[i] = [String(i), x[i]];
  return entries;
}

/** A container of this kind with these entries. An array takes the items and ignores the keys. */
export function containerFrom(
  kind: ContainerKind,
  entries: readonly (readonly [key: unknown, item: unknown])[],
): object {
  if (kind === "array") return entries.map(([, item]) => item);
  return kind === "map" ? new Map(entries) : Object.fromEntries(entries as [string, unknown][]);
}

/** A container like `x`, with each item replaced by `f(item)`. */
export function mapItems(x: object, f: (item: unknown) => unknown): object {
  if (Array.isArray(x)) return Array.from(x as readonly unknown[], (item) => f(item));
  if (!(x instanceof Map) && !Object.hasOwn(x, "__proto__")) {
    const made: Record<string, unknown> = {};
    for (const key of Object.keys(x)) made[key] = f((x as Record<string, unknown>)[key]);
    return made;
  }
  const entries = entriesOf(x).map(([key, item]) => [key, f(item)] as const);
  return containerFrom(x instanceof Map ? "map" : "record", entries);
}

/** As {@link mapItems}, but `x` itself where `f` gives every item back. Nothing is made then. */
export function replaceItems(x: object, f: (item: unknown) => unknown): object {
  if (Array.isArray(x)) {
    let made: unknown[] | undefined;
    for (let i = 0; i < x.length; i++) {
      const item = f(x[i]);
      if (Object.is(item, x[i])) continue;
      made ??= Array.from(x as readonly unknown[]);
      made[i] = item;
    }
    return made ?? x;
  }
  if (x instanceof Map) {
    let made: Map<unknown, unknown> | undefined;
    for (const [key, own] of x as ReadonlyMap<unknown, unknown>) {
      const item = f(own);
      if (Object.is(item, own)) continue;
      made ??= new Map(x);
      made.set(key, item);
    }
    return made ?? x;
  }
  const record = x as Readonly<Record<string, unknown>>;
  let made: Record<string, unknown> | undefined;
  for (const key of Object.keys(record)) {
    const item = f(record[key]);
    if (Object.is(item, record[key])) continue;
    // The copy has the key itself, even "__proto__".
    made ??= { ...record };
    made[key] = item;
  }
  return made ?? x;
}

/**
 * Yields every object in nested containers once, `root` first and the others in no fixed order. It
 * does not recurse, so depth cannot overflow the stack.
 * @param isOpen - Whether to look into an object.
 */
export function* nested(root: unknown, isOpen: (x: object) => boolean = isContainer): Generator<object> {
  const seen = new Set<object>();
  const open: unknown[] = [root];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    seen.add(next);
    // Collect the items before `yield`: the caller may then change the object.
    if (isOpen(next)) for (const item of itemsOf(next)) if (typeof item === "object") open.push(item);
    yield next;
  }
}

/**
 * Visits every object in a value once. It looks into arrays, objects, Maps, Sets, modules and
 * instances of other classes.
 * @param visit - Says whether to look into the object.
 */
export function forEachObject(root: unknown, visit: (object: object) => boolean): void {
  const seen = new Set<object>();
  const open: unknown[] = [root];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    seen.add(next);
    if (!visit(next) || ArrayBuffer.isView(next)) continue;
    for (const item of next instanceof Set ? next : itemsOf(next))
      if (typeof item === "object") open.push(item);
  }
}
