/** @file When each value is needed for the last time. */
import { type ProgramNode, type Slot, usesOf, type View } from "../program.ts";

/** The value that has the data of each value: its own, or another one that it is a view of. */
export function rootsOf(views: readonly View[]): (slot: Slot) => Slot {
  const viewOf = new Map(views.map(({ slot, of }) => [slot, of]));
  return (slot) => {
    let root = slot;
    for (let at = viewOf.get(slot); at !== undefined; at = viewOf.get(at)) root = at;
    return root;
  };
}

/**
 * For each node: which of the values that nodes of this list make are freed after it.
 * @param outputs - What lives on.
 */
export function lifetimes(
  nodes: readonly ProgramNode[],
  outputs: readonly Slot[],
  rootOf: (slot: Slot) => Slot,
): readonly (readonly Slot[])[] {
  const owned = new Set<Slot>(nodes.flatMap((node) => node.outputs));
  const seen = new Set<Slot>(outputs.map(rootOf));
  const frees: Slot[][] = nodes.map(() => []);
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i] as ProgramNode;
    for (const slot of [...usesOf(node), ...node.outputs]) {
      const root = rootOf(slot);
      if (seen.has(root)) continue;
      seen.add(root);
      if (owned.has(root)) (frees[i] as Slot[]).push(root);
    }
  }
  return frees;
}

/** The last node of this list that needs each value, or what is made of it without a kernel. */
export function lastUses(
  nodes: readonly ProgramNode[],
  rootOf: (slot: Slot) => Slot,
): ReadonlyMap<Slot, number> {
  const last = new Map<Slot, number>();
  for (const [i, node] of nodes.entries()) for (const slot of usesOf(node)) last.set(rootOf(slot), i);
  return last;
}
