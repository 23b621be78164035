/** @file What depends on constants alone is computed once. */
import type { Graph, ProgramNode, Slot } from "../program.ts";

/** The nodes that depend on constants alone, and the others. */
export function constantNodes({ nodes, views, constants }: Graph): {
  readonly fixed: readonly ProgramNode[];
  readonly changing: readonly ProgramNode[];
} {
  const isFixed = new Set<Slot>(constants.map(({ slot }) => slot));
  const viewOf = new Map(views.map(({ slot, of }) => [slot, of]));
  const isConstant = (slot: Slot): boolean => {
    for (let at: Slot | undefined = slot; at !== undefined; at = viewOf.get(at))
      if (isFixed.has(at)) return true;
    return false;
  };
  const fixed: ProgramNode[] = [];
  const changing: ProgramNode[] = [];
  for (const node of nodes) {
    const { work } = node;
    const isPure =
      ((work.kind === "kernel" || work.kind === "call") && work.renewal === undefined) ||
      (work.kind === "loop" && work.renewal === undefined && work.from === undefined);
    if (!isPure || node.outputs.length === 0 || !node.inputs.every(isConstant)) {
      changing.push(node);
      continue;
    }
    fixed.push(node);
    for (const slot of node.outputs) isFixed.add(slot);
  }
  return { fixed, changing };
}
