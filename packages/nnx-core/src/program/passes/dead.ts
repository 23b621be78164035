/** @file What no result needs is not computed. */
import type { Graph, ProgramNode, Slot } from "../program.ts";

/** Loops without results are checks, which throw. */
const isCheck = ({ outputs }: ProgramNode): boolean => outputs.length === 0;

/** Drops nodes, views and constants that no result needs. */
export function dropDead(graph: Graph): Graph {
  const needed = new Set<Slot>(graph.outputs);
  const viewOf = new Map(graph.views.map(({ slot, of }) => [slot, of]));
  const need = (slot: Slot): void => {
    for (let at: Slot | undefined = slot; at !== undefined; at = viewOf.get(at)) needed.add(at);
  };
  graph.outputs.forEach(need);
  const nodes: ProgramNode[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i] as ProgramNode;
    if (!isCheck(node) && !node.outputs.some((slot) => needed.has(slot))) continue;
    node.inputs.forEach(need);
    nodes.push(node);
  }
  const constants = graph.constants.filter(({ slot, tensor }) => {
    if (!needed.has(slot)) tensor.dispose();
    return needed.has(slot);
  });
  return {
    nodes: nodes.reverse(),
    views: graph.views.filter(({ slot }) => needed.has(slot)),
    constants,
    outputs: graph.outputs,
  };
}
