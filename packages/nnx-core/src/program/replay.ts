/** @file Plays a program: calls its kernels directly, without modules, tape and engine. */
import {
  backendNow,
  fusesProducts,
  type InstalledKernel,
  isReachable,
  kernelLookup,
  type ReplayBackend,
  substitutesNow,
  type Tensor,
  type TensorInfo,
  tensorOfInfo,
} from "../tensor.ts";
import type { Arguments } from "./arguments.ts";
import { addViews, Code, viewsByRoot } from "./code.ts";
import { keepForGood } from "./constants.ts";
import { type HostValues, OtherWay, runSteps } from "./host.ts";
import { findOverwrites, type Overwrites, overwritesIn } from "./overwrites.ts";
import { FUSED_PRODUCT, fuseProducts } from "./passes/fuse-products.ts";
import { constantNodes } from "./passes/fold.ts";
import { dropDead } from "./passes/dead.ts";
import { rootsOf } from "./passes/lifetimes.ts";
import { shareConstants, shareNodes } from "./passes/share.ts";
import { findViews } from "./passes/views.ts";
import {
  blocksOf,
  type Constant,
  type Graph,
  madeBy,
  type Program,
  type ProgramNode,
  type Slot,
  type ValueInfo,
} from "./program.ts";
import { type Machine, type State, stepFor, type Values } from "./steps.ts";

/** The program with less to do: the same results. */
export function optimize(program: Program, kernels: Kernels): Program {
  const { infos } = program;
  let graph: Graph = shareConstants(program, infos);
  graph = findViews(graph, infos, isReachable());
  graph = shareNodes(graph, infos);
  graph = dropDead(graph);
  if (fusesProducts(kernels.backend) && kernels.add(FUSED_PRODUCT)) graph = fuseProducts(graph, infos);
  return { ...program, ...graph };
}

/** The kernels that a program needs, and whether they are those of now. */
export class Kernels {
  readonly backend: ReplayBackend;
  readonly installed: Map<string, InstalledKernel> = new Map();
  private readonly lookUps: (readonly [ReturnType<typeof kernelLookup>, InstalledKernel])[] = [];
  private readonly name: string;
  private readonly substitutes = substitutesNow();

  constructor({ nodes, backend }: Program) {
    this.backend = backendNow();
    this.name = backend;
    this.addAll(nodes);
  }

  private addAll(nodes: readonly ProgramNode[]): void {
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i] as ProgramNode;
      if (node.work.kind === "kernel") this.add(node.work.name);
      else for (const { nodes: inner } of blocksOf(node)) this.addAll(inner);
    }
  }

  /** Adds a kernel, if there is one of this name. */
  add(name: string): boolean {
    if (this.installed.has(name)) return true;
    const lookUp = kernelLookup(name, this.name);
    const kernel = lookUp();
    if (kernel) {
      this.installed.set(name, kernel);
      this.lookUps.push([lookUp, kernel]);
    }
    return kernel !== undefined;
  }

  areCurrent(): boolean {
    if (backendNow() !== this.backend || substitutesNow() !== this.substitutes) return false;
    for (const [lookUp, kernel] of this.lookUps) if (lookUp() !== kernel) return false;
    return true;
  }
}

/** A program that is ready to run. */
export class Replay {
  readonly program: Program;
  private readonly backend: ReplayBackend;
  private readonly code: Code;
  private readonly constants: readonly Constant[];
  private readonly firstViews: Parameters<typeof addViews>[1];
  private readonly rootOf: (slot: Slot) => Slot;
  private readonly owned: ReadonlySet<Slot>;
  private readonly overwrites: Overwrites;

  /**
   * @param program - Its constants belong to this from now on.
   * @param replaced - See {@link findOverwrites}.
   */
  constructor(program: Program, { backend, installed }: Kernels, replaced: ReadonlyMap<number, Slot>) {
    this.backend = backend;
    const { infos } = program;
    const folded = fold(program, { infos, backend, kernels: installed });
    const rootOf = rootsOf(folded.views);
    const { program: ordered, overwrites } = findOverwrites(folded, replaced, rootOf);
    const { nodes, constants, outputs, views, host, inputCount } = ordered;
    const machine: Machine = { infos, backend, kernels: installed, overwrites };
    this.program = ordered;
    this.overwrites = overwrites;
    this.constants = constants;
    this.rootOf = rootOf;
    const viewsOf = viewsByRoot(views, infos, rootOf);
    this.code = new Code(nodes, outputs, { ...machine, works: host, rootOf, viewsOf });
    const first = [...Array.from({ length: inputCount }, (_, i) => i), ...constants.map(({ slot }) => slot)];
    this.firstViews = first.flatMap((slot) => viewsOf.get(slot) ?? []);
    this.owned = new Set(nodes.flatMap((node) => [...madeBy(node)]));
  }

  /**
   * Runs the program.
   * @returns the values that the results are made of, in their order, and those of the host; or what
   * went another way than when the program was recorded, which then does not hold for the call. A
   * value that was written over an input is that input.
   */
  run(call: Arguments): readonly [tensors: Tensor[], host: readonly unknown[]] | OtherWay {
    const { program } = this;
    const { tensors: inputs, host: given } = call;
    const values: Values = new Array(program.infos.length);
    const host: HostValues = {
      values: new Array(program.host.length),
      renewals: new Array(program.renewals),
    };
    const over = this.code.canOverwrite ? overwritesIn(this.overwrites, call) : undefined;
    const state: State = { values, host, given, over, left: [], leftHost: [] };
    try {
      runSteps(program.host, program.steps, host, given);
      for (let i = 0; i < inputs.length; i++) values[i] = inputs[i];
      for (const { slot, tensor } of this.constants) values[slot] = tensor;
      addViews(state, this.firstViews);
      this.code.run(state);
    } catch (error) {
      for (const slot of this.owned) {
        const value = values[slot];
        if (value) this.backend.disposeData(value.dataId);
      }
      if (error instanceof OtherWay) return error;
      throw error;
    }
    return [this.results(state), host.values];
  }

  private results({ values, over }: State): Tensor[] {
    const taken = new Set<Slot>();
    return this.program.outputs.map((slot) => {
      const before = over?.get(slot);
      if (before) return before;
      const info = values[slot] as TensorInfo;
      const root = this.rootOf(slot);
      // The first result takes the data over; others, and those of inputs and constants, share it.
      if (taken.has(root) || !this.owned.has(root)) this.backend.incRef(info.dataId);
      taken.add(root);
      const { shape, dtype } = this.program.infos[slot] as ValueInfo;
      return tensorOfInfo({ dataId: info.dataId, shape: [...shape], dtype: dtype as TensorInfo["dtype"] });
    });
  }

  /** Frees the constants. */
  dispose(): void {
    for (const { tensor } of this.constants) tensor.dispose();
  }
}

/** Computes what depends on constants alone. */
function fold(program: Program, machine: Machine): Program {
  const { fixed, changing } = constantNodes(program);
  if (fixed.length === 0) return program;
  const values: Values = new Array(program.infos.length);
  const host: HostValues = { values: [], renewals: [] };
  const state: State = { values, host, given: [], left: [], leftHost: [] };
  for (const { slot, tensor } of program.constants) values[slot] = tensor;
  const views = new Map(program.views.map((view) => [view.slot, view.of]));
  const fill = (slot: Slot): void => {
    const of = views.get(slot);
    if (values[slot] || of === undefined) return;
    fill(of);
    const { shape } = program.infos[slot] as ValueInfo;
    if (values[of]) addViews(state, [{ slot, root: of, shape: [...shape] }]);
  };
  const made: Constant[] = [];
  for (const node of fixed) {
    node.inputs.forEach(fill);
    stepFor(node, machine)(state);
    for (const slot of node.outputs)
      made.push({ slot, tensor: tensorOfInfo(values[slot] as TensorInfo), values: undefined });
  }
  for (const { tensor } of made) keepForGood(tensor);
  return {
    ...program,
    ...dropDead({ ...program, nodes: changing, constants: [...program.constants, ...made] }),
  };
}
