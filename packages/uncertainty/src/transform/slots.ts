/** @file Replaces modules in a graph. */
import type { PathPart } from "@nnxjs/nnx-core";
import { entriesOf, nodesOf, setChild } from "@nnxjs/nnx-core/internal";

/** Replaces modules wherever they are in the graph. Returns the root, or its replacement. */
export function exchange<M>(root: M, others: ReadonlyMap<object, object>): M {
  // Collected before anything is replaced, because replacements are not searched.
  for (const holder of [...nodesOf(root)]) {
    for (const [key, value] of entriesOf(holder)) {
      const other = others.get(value as object);
      if (other !== undefined) setChild(holder, key as PathPart, other);
    }
  }
  // The replacement of the root has the root's interface: the caller sees to it.
  return (others.get(root as object) ?? root) as M;
}
