/** @file The places in a graph that hold something. */
import type { PathPart } from "@nnxjs/nnx-core";
import { entriesOf, nodesOf, setChild } from "@nnxjs/nnx-core/internal";

/**
 * Puts others in the places of some modules, wherever in the graph they are; the root itself is
 * returned exchanged.
 */
export function exchange<M>(root: M, others: ReadonlyMap<object, object>): M {
  // Taken before anything is exchanged: what comes in is not looked into.
  for (const holder of [...nodesOf(root)]) {
    for (const [key, value] of entriesOf(holder)) {
      const other = others.get(value as object);
      if (other !== undefined) setChild(holder, key as PathPart, other);
    }
  }
  // The caller replaces modules by modules that can stand in for them.
  return (others.get(root as object) ?? root) as M;
}
