/** @file A product, its bias and its ReLU are one kernel, where that gives the same bits. */
import { type Graph, type ProgramNode, type Slot, usesOf, type ValueInfo, withBlocks } from "../program.ts";

/** The kernel that does all three. */
export const FUSED_PRODUCT = "_FusedMatMul";

/** The product and bias of a dense layer: inputs `x`, `kernel`, `bias`. */
const DENSE = "NnxDense";

/** A node that only calls a kernel of this name. */
const kernelIn = (node: ProgramNode | undefined, name: string) => {
  const work = node?.work;
  return work?.kind === "kernel" && work.name === name && work.renewal === undefined && !work.needsEngine
    ? work
    : undefined;
};

/** Joins products of matrices with what follows them, where nothing else needs the values between. */
export function fuseProducts(graph: Graph, infos: readonly ValueInfo[]): Graph {
  const uses = new Map<Slot, number>();
  const use = (slot: Slot): void => void uses.set(slot, (uses.get(slot) ?? 0) + 1);
  for (const node of graph.nodes) for (const slot of usesOf(node)) use(slot);
  graph.outputs.forEach(use);
  for (const { of } of graph.views) use(of);
  const fused = (nodes: readonly ProgramNode[]): ProgramNode[] => {
    const makers = new Map<Slot, ProgramNode>();
    const joined = new Set<ProgramNode>();
    const made = nodes.map((node) => {
      const next =
        joinedWith(node, makers, joined) ??
        withBlocks(node, (block) => ({ ...block, nodes: fused(block.nodes) }));
      for (const slot of next.outputs) makers.set(slot, next);
      return next;
    });
    return made.filter((node) => !joined.has(node));
  };
  /** The maker of a value that only one node needs. */
  const soleMaker = (slot: Slot, makers: ReadonlyMap<Slot, ProgramNode>): ProgramNode | undefined =>
    uses.get(slot) === 1 ? makers.get(slot) : undefined;
  /** The kernel of dense layers as the one that can do more, for matrices. */
  const asProduct = (node: ProgramNode | undefined): ProgramNode | undefined => {
    const work = kernelIn(node, DENSE);
    if (!node || !work) return kernelIn(node, FUSED_PRODUCT) ? node : undefined;
    const all = node.inputs.map((slot) => infos[slot] as ValueInfo);
    const fits =
      work.names?.join() === "x,kernel,bias" &&
      all.every(({ dtype, shape }) => dtype === "float32" && !shape.includes(0)) &&
      all.map(({ shape }) => shape.length).join() === "2,2,1";
    if (!fits) return undefined;
    const attrs = { transposeA: false, transposeB: false, activation: "linear" };
    return { ...node, work: { ...work, name: FUSED_PRODUCT, names: ["a", "b", "bias"], attrs } };
  };
  const joinedWith = (
    node: ProgramNode,
    makers: ReadonlyMap<Slot, ProgramNode>,
    joined: Set<ProgramNode>,
  ): ProgramNode | undefined => {
    const [input, bias] = node.inputs as [Slot, Slot];
    if (kernelIn(node, "Relu")) {
      const maker = soleMaker(input, makers);
      const product = asProduct(maker);
      const work = kernelIn(product, FUSED_PRODUCT);
      if (!maker || !product || !work || (work.attrs as { activation?: string }).activation !== "linear")
        return undefined;
      joined.add(maker);
      return {
        ...product,
        work: { ...work, attrs: { ...work.attrs, activation: "relu" } },
        outputs: node.outputs,
      };
    }
    if (!kernelIn(node, "Add")) return undefined;
    const before = soleMaker(input, makers);
    const work = kernelIn(before, "BatchMatMul");
    if (!before || !work) return undefined;
    const all = [...before.inputs, bias].map((slot) => infos[slot] as ValueInfo);
    const { shape } = infos[input] as ValueInfo;
    const fits =
      all.every(({ dtype, shape: each }) => dtype === "float32" && !each.includes(0)) &&
      shape.length === 2 &&
      all.map(({ shape: each }) => each.length).join() === "2,2,1" &&
      all[2]?.shape[0] === shape[1];
    if (!fits) return undefined;
    joined.add(before);
    const { transposeA, transposeB } = work.attrs as { transposeA?: boolean; transposeB?: boolean };
    const attrs = { transposeA, transposeB, activation: "linear" };
    return {
      ...before,
      work: { ...work, name: FUSED_PRODUCT, names: ["a", "b", "bias"], attrs },
      inputs: [...before.inputs, bias],
      outputs: node.outputs,
    };
  };
  return { ...graph, nodes: fused(graph.nodes) };
}
