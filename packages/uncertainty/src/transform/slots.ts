/** @file Replaces modules in a graph. */
import { iterNodes } from "@nnxjs/nnx-core";
import { entriesOf } from "@nnxjs/nnx-core/internal";

/** Replaces modules wherever they are in the graph. Returns the root, or its replacement. */
export function exchange<M>(root: M, others: ReadonlyMap<object, object>): M {
  // Collected before anything is replaced, because replacements are not searched.
  const holders = [...iterNodes(root)].map(([, holder]) => holder);
  for (const holder of holders) {
    for (const [key, value] of entriesOf(holder)) {
      const other = typeof value === "object" && value !== null ? others.get(value) : undefined;
      if (other === undefined) continue;
      if (holder instanceof Map) holder.set(key, other);
      else Reflect.set(holder, key as PropertyKey, other);
    }
  }
  // The replacement of the root has the root's interface: the caller sees to it.
  return (others.get(root as object) ?? root) as M;
}
