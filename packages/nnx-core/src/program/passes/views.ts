/** @file Values that are others in another shape need no kernel. */
import {
  type Graph,
  type ProgramNode,
  type Slot,
  type ValueInfo,
  type View,
  withBlocks,
} from "../program.ts";
import { rename } from "./rename.ts";

const isSameShape = (a: ValueInfo, b: ValueInfo): boolean =>
  a.dtype === b.dtype && a.shape.length === b.shape.length && a.shape.every((size, i) => size === b.shape[i]);

const copies = new Set(["Identity", "Reshape", "Cast"]);

/** Kernels whose result has the values of their input, where that has the same dtype. */
const isCopy = ({ work }: ProgramNode): boolean =>
  work.kind === "kernel" && copies.has(work.name) && !work.needsEngine;

/**
 * Drops copies and changes of shape.
 * @param canView - Whether the backend has values in an order that does not depend on their shape.
 */
export function findViews(graph: Graph, infos: readonly ValueInfo[], canView: boolean): Graph {
  const same = new Map<Slot, Slot>();
  const views: View[] = [...graph.views];
  const isNeeded = (node: ProgramNode): boolean => {
    if (!isCopy(node)) return true;
    const [input] = node.inputs as [Slot];
    const [output] = node.outputs as [Slot];
    const of = same.get(input) ?? input;
    const [from, to] = [infos[of] as ValueInfo, infos[output] as ValueInfo];
    if (from.dtype !== to.dtype) return true;
    if (isSameShape(from, to)) {
      same.set(output, of);
      return false;
    }
    if (!canView || from.dtype === "complex64") return true;
    views.push({ slot: output, of });
    return false;
  };
  const needed = (all: readonly ProgramNode[]): ProgramNode[] =>
    all
      .filter(isNeeded)
      .map((node) => withBlocks(node, (block) => ({ ...block, nodes: needed(block.nodes) })));
  const nodes = needed(graph.nodes);
  return rename({ ...graph, nodes, views }, same);
}
