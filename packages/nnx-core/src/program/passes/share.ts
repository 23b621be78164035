/** @file Equal nodes are computed once, and equal constants kept once. */
import { equalData } from "../../data/equal-data.ts";
import {
  type Constant,
  type Graph,
  type ProgramNode,
  type Slot,
  type ValueInfo,
  type View,
  withBlocks,
} from "../program.ts";
import { rename } from "./rename.ts";

/** Nodes by what they compute. */
type Buckets = ReadonlyMap<string, readonly ProgramNode[]>;

/** Whether the results depend on the inputs alone. */
const isPure = ({ work }: ProgramNode): boolean => work.kind === "kernel" && work.renewal === undefined;

const isEqual = ({ work: a }: ProgramNode, { work: b }: ProgramNode): boolean =>
  a.kind === "kernel" && b.kind === "kernel" && equalData(a.names, b.names) && equalData(a.attrs, b.attrs);

/** Keeps one of several equal constants; the others' tensors are disposed. */
export function shareConstants(graph: Graph, infos: readonly ValueInfo[]): Graph {
  const same = new Map<Slot, Slot>();
  const first = new Map<string, Slot>();
  const constants: Constant[] = [];
  for (const constant of graph.constants) {
    const { slot, values, tensor } = constant;
    const { shape, dtype } = infos[slot] as ValueInfo;
    // `Object.is` tells 0 from -0, and so does this text.
    const key =
      values &&
      `${dtype} ${shape.join()} ${values.map((value) => (Object.is(value, -0) ? "-0" : value)).join()}`;
    const known = key === undefined ? undefined : first.get(key);
    if (known === undefined) {
      if (key !== undefined) first.set(key, slot);
      constants.push(constant);
    } else {
      same.set(slot, known);
      tensor.dispose();
    }
  }
  return rename({ ...graph, constants }, same);
}

/** Computes equal nodes once. */
export function shareNodes(graph: Graph, infos: readonly ValueInfo[]): Graph {
  const same = new Map<Slot, Slot>();
  const of = (slot: Slot): Slot => same.get(slot) ?? slot;
  const viewsOf = new Map<Slot, View>(graph.views.map((view) => [view.slot, view]));
  const viewed = new Map<string, Slot>();
  // Views stand between nodes: two views of one value in one shape are the same.
  const settle = (slot: Slot): Slot => {
    const view = viewsOf.get(slot);
    if (!view || same.has(slot)) return of(slot);
    const key = `${of(settle(view.of))} ${(infos[slot] as ValueInfo).shape.join()}`;
    const known = viewed.get(key);
    if (known === undefined) viewed.set(key, slot);
    else if (known !== slot) same.set(slot, known);
    return of(slot);
  };
  /** What a block computes is there in it alone. */
  const distinct = (all: readonly ProgramNode[], outer: Buckets): ProgramNode[] => {
    const buckets = new Map(outer);
    return all.flatMap((node) => {
      const inputs = node.inputs.map(settle);
      if (!isPure(node) || node.work.kind !== "kernel")
        return withBlocks(node, (block) => {
          const nodes = distinct(block.nodes, buckets);
          block.outputs.forEach(settle);
          return { ...block, nodes };
        });
      const key = `${node.work.name} ${inputs.join()}`;
      const bucket = buckets.get(key) ?? [];
      const known = bucket.find((each) => isEqual(each, node));
      if (!known) {
        buckets.set(key, [...bucket, node]);
        return node;
      }
      node.outputs.forEach((output, i) => {
        same.set(output, known.outputs[i] as Slot);
      });
      return [];
    });
  };
  const nodes = distinct(graph.nodes, new Map());
  for (const output of graph.outputs) settle(output);
  const views = graph.views.filter(({ slot }) => !same.has(slot));
  return rename({ ...graph, nodes, views }, same);
}
