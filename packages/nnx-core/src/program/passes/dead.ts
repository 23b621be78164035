/** @file What no result needs is not computed. */
import { type Block, blocksOf, type Graph, type ProgramNode, type Slot, withBlocks } from "../program.ts";

/** Blocks may draw, and count that. */
const hasBlocks = (node: ProgramNode): boolean => blocksOf(node).length > 0;

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
  const live = (all: readonly ProgramNode[]): ProgramNode[] => {
    const nodes: ProgramNode[] = [];
    for (let i = all.length - 1; i >= 0; i--) {
      const node = all[i] as ProgramNode;
      if (!isCheck(node) && !hasBlocks(node) && !node.outputs.some((slot) => needed.has(slot))) continue;
      const inner = withBlocks(node, (block): Block => {
        block.outputs.forEach(need);
        return { ...block, nodes: live(block.nodes) };
      });
      inner.inputs.forEach(need);
      nodes.push(inner);
    }
    return nodes.reverse();
  };
  const nodes = live(graph.nodes);
  const constants = graph.constants.filter(({ slot, tensor }) => {
    if (!needed.has(slot)) tensor.dispose();
    return needed.has(slot);
  });
  return {
    nodes,
    views: graph.views.filter(({ slot }) => needed.has(slot)),
    constants,
    outputs: graph.outputs,
  };
}
