/** @file When each value is needed for the last time. */
import type { Graph, Slot } from "../program.ts";

/** When values are freed, and which results take a value over. */
export interface Lifetimes {
  /** The value that has the data of each value: its own, or another one that it is a view of. */
  readonly rootOf: (slot: Slot) => Slot;
  /** For each node: what is freed after it. */
  readonly frees: readonly (readonly Slot[])[];
}

/** @param owned - Whether the replay makes a value; inputs and constants belong to others. */
export function lifetimes(graph: Graph, owned: (slot: Slot) => boolean): Lifetimes {
  const viewOf = new Map(graph.views.map(({ slot, of }) => [slot, of]));
  const rootOf = (slot: Slot): Slot => {
    let root = slot;
    for (let at = viewOf.get(slot); at !== undefined; at = viewOf.get(at)) root = at;
    return root;
  };
  const kept = new Set(graph.outputs.map(rootOf));
  const seen = new Set<Slot>();
  const frees: Slot[][] = graph.nodes.map(() => []);
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const { inputs, outputs } = graph.nodes[i] as Graph["nodes"][number];
    for (const slot of [...inputs, ...outputs]) {
      const root = rootOf(slot);
      if (seen.has(root)) continue;
      seen.add(root);
      if (owned(root) && !kept.has(root)) (frees[i] as Slot[]).push(root);
    }
  }
  return { rootOf, frees };
}
