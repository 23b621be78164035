/**
 * @file Steps of optimizers that write over parameters and moments: a Variable gets nothing new
 * then, but other numbers. New memory for each step costs more than the arithmetic.
 */
import { holdersOf } from "../ownership/lease.ts";
import { canWriteOver, overwritesOf, type Tensor } from "../tensor.ts";
import { isUnobserved, isUnseen } from "../variable/unseen.ts";
import { Variable } from "../variable/variable.ts";
import type { Arguments } from "./arguments.ts";
import { type Program, type ProgramNode, type Slot, usesOf } from "./program.ts";

/** A result that replaces an input: the value of one Variable before and after the call. */
interface Replaced {
  readonly input: Slot;
  readonly output: Slot;
}

/** The results of a node that may be written over its inputs: all of a group, or none. */
export type Groups = readonly (readonly Replaced[])[];

/** By node. */
export type Overwrites = ReadonlyMap<ProgramNode, Groups>;

/** For each value that this run writes over another one: that one. */
export type WrittenOver = Map<Slot, Tensor>;

/**
 * Finds what steps may write over, and moves these steps to the end: nothing that comes after them
 * can fail and leave a model half changed.
 * @param replaced - The results that one Variable gets and nobody else, by the input whose place
 * they take.
 */
export function findOverwrites(
  program: Program,
  replaced: ReadonlyMap<number, Slot>,
  rootOf: (slot: Slot) => Slot,
): { readonly program: Program; readonly overwrites: Overwrites } {
  const { nodes, outputs } = program;
  const users = new Map<Slot, ProgramNode[]>();
  for (const node of nodes)
    for (const slot of usesOf(node)) users.set(rootOf(slot), [...(users.get(rootOf(slot)) ?? []), node]);
  const kept = new Map<Slot, number>();
  for (const slot of outputs) kept.set(rootOf(slot), (kept.get(rootOf(slot)) ?? 0) + 1);
  const inputOf = new Map([...replaced].map(([index, input]) => [outputs[index] as Slot, input]));
  const viewed = new Set(program.views.map(({ of }) => rootOf(of)));
  const found = new Map<ProgramNode, Groups>();
  for (const node of nodes) {
    const { work, inputs } = node;
    if (work.kind !== "kernel" || work.needsEngine) continue;
    const groups = overwritesOf(work.name, work.attrs, inputs.length).map((group) =>
      group.map(({ input, result }) => ({
        input: inputs[input] as Slot,
        output: node.outputs[result] as Slot,
      })),
    );
    // Later nodes would come before it.
    if (groups.length === 0 || node.outputs.some((slot) => users.has(slot))) continue;
    const fits = ({ input, output }: Replaced): boolean =>
      inputOf.get(output) === input &&
      kept.get(output) === 1 &&
      !kept.has(input) &&
      !viewed.has(output) &&
      inputs.filter((slot) => rootOf(slot) === input).length === 1;
    found.set(
      node,
      groups.map((group) => (group.every(fits) ? group : [])),
    );
  }
  const last = nodes.filter((node) => found.has(node));
  const overwrites = new Map(
    last.map((node, i) => {
      // No other step may read what this one writes over.
      const others = new Set(last.filter((_, k) => k !== i));
      const isRead = ({ input }: Replaced): boolean =>
        (users.get(input) ?? []).some((user) => others.has(user));
      return [node, (found.get(node) as Groups).map((group) => (group.some(isRead) ? [] : group))] as const;
    }),
  );
  const first = nodes.filter((node) => !found.has(node));
  return { program: { ...program, nodes: [...first, ...last] }, overwrites };
}

/** The nodes that write over something in the call with these arguments, and what. */
export function overwritesIn(
  overwrites: Overwrites,
  { leaves, tensorLeaves, tensors }: Arguments,
): WrittenOver | undefined {
  if (overwrites.size === 0 || !isUnobserved()) return undefined;
  const isFree = ({ input }: Replaced): boolean => {
    const variable = leaves[tensorLeaves[input] as number]?.value;
    const tensor = tensors[input] as Tensor;
    return (
      variable instanceof Variable && isUnseen(variable) && holdersOf(tensor) === 1 && canWriteOver(tensor)
    );
  };
  const over: WrittenOver = new Map();
  for (const groups of overwrites.values())
    for (const group of groups)
      if (group.every(isFree))
        for (const { input, output } of group) over.set(output, tensors[input] as Tensor);
  return over.size > 0 ? over : undefined;
}

/**
 * Whether a step writes over a group, once all that comes before it is computed: some kernels, and
 * branches, return the data that they got, which others have then, too.
 * @param over - Loses what is not written over.
 */
export function isWrittenOver(group: Groups[number], over: WrittenOver): boolean {
  const all = group.map(({ output }) => over.get(output));
  if (all.length > 0 && all.every((tensor) => tensor !== undefined && canWriteOver(tensor))) return true;
  for (const { output } of group) over.delete(output);
  return false;
}
