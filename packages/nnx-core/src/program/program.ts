/**
 * @file A program: what a run computed, as a list of nodes in the order of the run. It does not
 * depend on how it is played.
 */
import type { Path } from "../path.ts";
import type { ComputeCall, ElementKernel, Fill, FusedLoop, Tensor } from "../tensor.ts";
import type { HostSlot, HostWork } from "./host.ts";

/** The number of a value that a program computes with. */
export type Slot = number;

/** The number of something that a section of host code makes anew for each replay. */
export type Renewal = number;

/** Shape and dtype of a value. */
export interface ValueInfo {
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** A loop of the library's over elements. */
export interface LoopBody {
  readonly loop: FusedLoop;
  readonly kernel: ElementKernel | undefined;
}

/** How something is made of a value of the host, such as a key. */
export interface FromHost<F> {
  readonly host: HostSlot;
  readonly make: (value: object) => F;
}

/** What a node does. */
export type Work =
  | {
      readonly kind: "kernel";
      readonly name: string;
      /** The names of the inputs; missing where the kernel takes a list. */
      readonly names: readonly string[] | undefined;
      readonly attrs: object;
      /** Whether the kernel's own code runs ops, so that it needs the engine. */
      readonly needsEngine: boolean;
      /** The attributes, if host code computes them anew. */
      readonly renewal: Renewal | undefined;
    }
  | ({
      readonly kind: "loop";
      readonly shapes: readonly (readonly number[])[];
      readonly from: FromHost<FusedLoop> | undefined;
      readonly renewal: Renewal | undefined;
    } & LoopBody)
  | {
      readonly kind: "fill";
      readonly fill: Fill;
      readonly from: FromHost<Fill> | undefined;
      readonly renewal: Renewal | undefined;
    }
  /** A kernel that the library calls past the engine. */
  | {
      readonly kind: "call";
      readonly run: ComputeCall["run"];
      readonly batch: ComputeCall["batch"];
      readonly renewal: Renewal | undefined;
    }
  /** Numbers of the host in a tensor. */
  | { readonly kind: "host"; readonly host: HostSlot }
  /** Values that host code computes anew. */
  | { readonly kind: "values"; readonly renewal: Renewal }
  | Choice
  | Loop
  /** Ends a loop where its first input is 0. The others are what the loop gives then. */
  | { readonly kind: "stop"; readonly host: readonly HostSlot[] }
  /** The program holds where its input, a scalar, has this value. */
  | { readonly kind: "expect"; readonly value: number };

/** Nodes that run where another node says so. */
export interface Block {
  readonly nodes: readonly ProgramNode[];
  /** The steps of the host before the nodes. */
  readonly steps: readonly HostSlot[];
  /** What it gives. */
  readonly outputs: readonly Slot[];
  readonly host: readonly HostSlot[];
}

/** What control nodes have beside nodes of their own. */
interface Control {
  /** Where the values of the host that the blocks give are put. */
  readonly hostOutputs: readonly HostSlot[];
  /** The steps of the host after the node. */
  readonly after: HostSlot[];
}

/** Runs one of several blocks. The first input says which. */
export interface Choice extends Control {
  readonly kind: "choice";
  readonly blocks: readonly Block[];
  /** The position of the block for a value. */
  readonly pick: (value: number) => number;
}

/** Runs a block again and again, until a "stop" in it. */
export interface Loop extends Control {
  readonly kind: "repeat";
  readonly block: Block;
  /** What the block gets: at first the inputs of the node, then what it gave. */
  readonly parameters: readonly Slot[];
  readonly hostInputs: readonly HostSlot[];
  readonly hostParameters: readonly HostSlot[];
}

/** The blocks of a node. */
export const blocksOf = ({ work }: ProgramNode): readonly Block[] =>
  work.kind === "choice" ? work.blocks : work.kind === "repeat" ? [work.block] : [];

/** The node with other blocks. */
export function withBlocks(node: ProgramNode, change: (block: Block) => Block): ProgramNode {
  const { work } = node;
  if (work.kind === "choice") return { ...node, work: { ...work, blocks: work.blocks.map(change) } };
  return work.kind === "repeat" ? { ...node, work: { ...work, block: change(work.block) } } : node;
}

/** Everything that a node and its blocks use. */
export function* usesOf(node: ProgramNode): Generator<Slot> {
  yield* node.inputs;
  for (const { nodes, outputs } of blocksOf(node)) {
    for (const inner of nodes) yield* usesOf(inner);
    yield* outputs;
  }
}

/** Everything that a node and its blocks make. */
export function* madeBy(node: ProgramNode): Generator<Slot> {
  yield* node.outputs;
  if (node.work.kind === "repeat") yield* node.work.parameters;
  for (const { nodes } of blocksOf(node)) for (const inner of nodes) yield* madeBy(inner);
}

/** One step of a program. */
export interface ProgramNode {
  readonly work: Work;
  readonly inputs: readonly Slot[];
  readonly outputs: readonly Slot[];
  /** The module whose method asked for it; missing where none ran, as in backward passes. */
  readonly path: Path | undefined;
}

/** A value that is another one in another shape: no kernel runs for it. */
export interface View {
  readonly slot: Slot;
  readonly of: Slot;
}

/** Values that are the same in each replay. */
export interface Constant {
  readonly slot: Slot;
  /** Belongs to the program. */
  readonly tensor: Tensor;
  /** The values, where they are few and known. */
  readonly values: readonly number[] | undefined;
  /** What prints say of it. */
  readonly note?: string | undefined;
}

/** What passes work on. */
export interface Graph {
  readonly nodes: readonly ProgramNode[];
  readonly views: readonly View[];
  readonly constants: readonly Constant[];
  /** Values that the results are made of. */
  readonly outputs: readonly Slot[];
}

/** What a run computed. */
export interface Program extends Graph {
  /** How many of the first slots are inputs. */
  readonly inputCount: number;
  readonly infos: readonly ValueInfo[];
  readonly host: readonly HostWork[];
  /** The steps of the host before the nodes. */
  readonly steps: readonly HostSlot[];
  readonly renewals: number;
  readonly backend: string;
}
