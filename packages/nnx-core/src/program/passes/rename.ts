/** @file Replaces values in a graph by others that are equal. */
import { type Graph, type ProgramNode, type Slot, withBlocks } from "../program.ts";

/** The graph with each value replaced by the one that `to` names. */
export function rename(graph: Graph, to: ReadonlyMap<Slot, Slot>): Graph {
  if (to.size === 0) return graph;
  const of = (slot: Slot): Slot => to.get(slot) ?? slot;
  const renamed = (node: ProgramNode): ProgramNode =>
    withBlocks({ ...node, inputs: node.inputs.map(of) }, (block) => ({
      ...block,
      nodes: block.nodes.map(renamed),
      outputs: block.outputs.map(of),
    }));
  return {
    nodes: graph.nodes.map(renamed),
    views: graph.views.map((view) => ({ ...view, of: of(view.of) })),
    constants: graph.constants,
    outputs: graph.outputs.map(of),
  };
}
