/** @file The places in a graph that hold something. */
import { iterNodes } from "@nnxjs/nnx-core";
import { isPlainObject } from "@nnxjs/nnx-core/internal";

/** What a node or container holds, in the order of definition. */
export function entriesOf(holder: object): readonly (readonly [key: unknown, value: unknown])[] {
  if (holder instanceof Map) return [...holder.entries()];
  return Array.isArray(holder) ? [...holder.entries()] : Object.entries(holder);
}

/** Whether the graph looks into `x`. */
export const isContainer = (x: unknown): x is object =>
  Array.isArray(x) || x instanceof Map || isPlainObject(x);

/** Puts others in the places of some modules, wherever in the graph they are; the root itself is returned exchanged. */
export function exchange<M>(root: M, others: ReadonlyMap<object, object>): M {
  // Taken before anything is exchanged: what comes in is not looked into.
  const holders = [...iterNodes(root)].map(([, holder]) => holder);
  for (const holder of holders) {
    for (const [key, value] of entriesOf(holder)) {
      const other = typeof value === "object" && value !== null ? others.get(value) : undefined;
      if (other === undefined) continue;
      if (holder instanceof Map) holder.set(key, other);
      else Reflect.set(holder, key as PropertyKey, other);
    }
  }
  // The caller replaces modules by modules that can stand in for them.
  return (others.get(root as object) ?? root) as M;
}
