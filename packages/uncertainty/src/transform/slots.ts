/** @file The places in a graph that hold something. */
import { iterNodes } from "@nnxjs/nnx-core";
import { entriesOf } from "@nnxjs/nnx-core/internal";

/**
 * Puts others in the places of some modules, wherever in the graph they are; the root itself is
 * returned exchanged.
 */
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
