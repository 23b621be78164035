/** @file Plays a program: calls its kernels directly, without modules, tape and engine. */
import {
  backendNow,
  type Fill,
  filledInfo,
  type InstalledKernel,
  installedKernel,
  isReachable,
  type ReplayBackend,
  runByEngine,
  runLoop,
  substitutesNow,
  type Tensor,
  type TensorInfo,
  tensorOfInfo,
} from "../tensor.ts";
import { keepForGood } from "./constants.ts";
import { type HostValues, runHost } from "./host.ts";
import { constantNodes } from "./passes/fold.ts";
import { dropDead } from "./passes/dead.ts";
import { lifetimes } from "./passes/lifetimes.ts";
import { shareConstants, shareNodes } from "./passes/share.ts";
import { findViews } from "./passes/views.ts";
import type { Constant, Graph, LoopBody, Program, ProgramNode, Slot, ValueInfo } from "./program.ts";

type Values = (TensorInfo | undefined)[];

/** Runs one node. */
type Step = (values: Values, host: HostValues) => void;

/** The program with less to do: the same results. */
export function optimize(program: Program): Program {
  const { infos } = program;
  let graph: Graph = shareConstants(program, infos);
  graph = findViews(graph, infos, isReachable());
  graph = shareNodes(graph, infos);
  graph = dropDead(graph);
  return { ...program, ...graph };
}

/** A program that is ready to run. */
export class Replay {
  readonly program: Program;
  private readonly backend: ReplayBackend;
  private readonly kernels: ReadonlyMap<string, InstalledKernel>;
  private readonly substitutes = substitutesNow();
  private readonly steps: readonly Step[];
  private readonly frees: readonly (readonly Slot[])[];
  private readonly views: readonly { readonly slot: Slot; readonly root: Slot; readonly shape: number[] }[][];
  private readonly firstViews: Replay["views"][number];
  private readonly constants: readonly Constant[];
  private readonly rootOf: (slot: Slot) => Slot;
  private readonly owned: ReadonlySet<Slot>;

  /** @param program - Its constants belong to this from now on. */
  constructor(program: Program) {
    const backend = backendNow();
    this.backend = backend;
    const kernels = new Map<string, InstalledKernel>();
    for (const { work } of program.nodes) {
      if (work.kind !== "kernel") continue;
      const kernel = installedKernel(work.name, program.backend);
      if (kernel) kernels.set(work.name, kernel);
    }
    this.kernels = kernels;
    const stepOf = (node: ProgramNode): Step => stepFor(node, program.infos, backend, kernels);
    const folded = fold(program, stepOf);
    this.program = folded;
    this.constants = folded.constants;
    this.steps = folded.nodes.map(stepOf);
    const own = new Set(folded.nodes.flatMap(({ outputs }) => outputs));
    this.owned = own;
    const { rootOf, frees } = lifetimes(folded, (slot) => own.has(slot));
    this.rootOf = rootOf;
    this.frees = frees;
    // Each view is made once the value is there that it is a view of.
    const madeBy = new Map<Slot, number>();
    folded.nodes.forEach(({ outputs }, i) => {
      for (const slot of outputs) madeBy.set(slot, i);
    });
    const views: Replay["views"] = folded.nodes.map(() => []);
    const firstViews: Replay["firstViews"] = [];
    for (const { slot } of folded.views) {
      const root = rootOf(slot);
      const { shape } = folded.infos[slot] as ValueInfo;
      const at = madeBy.get(root);
      (at === undefined ? firstViews : (views[at] as Replay["firstViews"])).push({
        slot,
        root,
        shape: [...shape],
      });
    }
    this.views = views;
    this.firstViews = firstViews;
  }

  /** Whether the kernels are installed that the program was recorded with. */
  isCurrent(): boolean {
    if (backendNow() !== this.backend || substitutesNow() !== this.substitutes) return false;
    const { backend } = this.program;
    for (const [name, kernel] of this.kernels) if (installedKernel(name, backend) !== kernel) return false;
    return true;
  }

  /**
   * Computes the values of the host.
   * @returns nothing if host code went another way than it did when the program was recorded.
   */
  prepare(given: readonly unknown[]): HostValues | undefined {
    return runHost(this.program.host, given, this.program.renewals);
  }

  /** Runs the program. @returns the values that the results are made of, in their order. */
  run(inputs: readonly Tensor[], host: HostValues): Tensor[] {
    const { steps, frees, views, backend } = this;
    const values: Values = new Array(this.program.infos.length);
    for (let i = 0; i < inputs.length; i++) values[i] = inputs[i];
    for (const { slot, tensor } of this.constants) values[slot] = tensor;
    try {
      for (const view of this.firstViews) addView(values, view);
      for (let i = 0; i < steps.length; i++) {
        (steps[i] as Step)(values, host);
        for (const view of views[i] as Replay["firstViews"]) addView(values, view);
        for (const slot of frees[i] as readonly Slot[]) {
          backend.disposeData((values[slot] as TensorInfo).dataId);
          values[slot] = undefined;
        }
      }
    } catch (error) {
      for (const slot of this.owned) {
        const value = values[slot];
        if (value) backend.disposeData(value.dataId);
      }
      throw error;
    }
    return this.results(values);
  }

  private results(values: Values): Tensor[] {
    const taken = new Set<Slot>();
    return this.program.outputs.map((slot) => {
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

function addView(
  values: Values,
  { slot, root, shape }: { readonly slot: Slot; readonly root: Slot; readonly shape: number[] },
): void {
  const { dataId, dtype } = values[root] as TensorInfo;
  values[slot] = { dataId, shape, dtype };
}

/** Computes what depends on constants alone. */
function fold(program: Program, stepOf: (node: ProgramNode) => Step): Program {
  const { fixed, changing } = constantNodes(program);
  if (fixed.length === 0) return program;
  const values: Values = new Array(program.infos.length);
  for (const { slot, tensor } of program.constants) values[slot] = tensor;
  const views = new Map(program.views.map((view) => [view.slot, view.of]));
  const fill = (slot: Slot): void => {
    const of = views.get(slot);
    if (values[slot] || of === undefined) return;
    fill(of);
    const { shape } = program.infos[slot] as ValueInfo;
    if (values[of]) addView(values, { slot, root: of, shape: [...shape] });
  };
  const nothing: HostValues = { values: [], renewals: [] };
  const made: Constant[] = [];
  for (const node of fixed) {
    node.inputs.forEach(fill);
    stepOf(node)(values, nothing);
    for (const slot of node.outputs)
      made.push({ slot, tensor: tensorOfInfo(values[slot] as TensorInfo), values: undefined });
  }
  for (const { tensor } of made) keepForGood(tensor);
  return {
    ...program,
    ...dropDead({ ...program, nodes: changing, constants: [...program.constants, ...made] }),
  };
}

function stepFor(
  { work, inputs, outputs }: ProgramNode,
  infos: readonly ValueInfo[],
  backend: ReplayBackend,
  kernels: ReadonlyMap<string, InstalledKernel>,
): Step {
  const count = inputs.length;
  const valuesOf = (values: Values): TensorInfo[] => {
    const given: TensorInfo[] = new Array(count);
    for (let i = 0; i < count; i++) given[i] = values[inputs[i] as Slot] as TensorInfo;
    return given;
  };
  const put = (values: Values, made: TensorInfo | readonly TensorInfo[]): void => {
    if (!Array.isArray(made)) values[outputs[0] as Slot] = made as TensorInfo;
    else for (let i = 0; i < outputs.length; i++) values[outputs[i] as Slot] = made[i] as TensorInfo;
  };
  switch (work.kind) {
    case "kernel": {
      const { name, names, attrs, needsEngine, renewal } = work;
      const attrsOf = (host: HostValues): object =>
        renewal === undefined ? attrs : (host.renewals[renewal] as object);
      if (needsEngine)
        return (values, host) => put(values, byEngine(name, names, valuesOf(values), attrsOf(host)));
      const { kernelFunc } = kernels.get(name) as InstalledKernel;
      if (!names)
        return (values, host) =>
          put(values, kernelFunc({ inputs: valuesOf(values), attrs: attrsOf(host), backend }));
      return (values, host) => {
        const given: Record<string, TensorInfo> = {};
        for (let i = 0; i < count; i++) given[names[i] as string] = values[inputs[i] as Slot] as TensorInfo;
        put(values, kernelFunc({ inputs: given, attrs: attrsOf(host), backend }));
      };
    }
    case "loop": {
      const { shapes, from, renewal } = work;
      return (values, host) => {
        let body: LoopBody = work;
        if (renewal !== undefined) body = host.renewals[renewal] as LoopBody;
        else if (from) body = { loop: from.make(host.values[from.host] as object), kernel: undefined };
        put(values, runLoop(backend, valuesOf(values), shapes, body.loop, body.kernel));
      };
    }
    case "call": {
      const { renewal } = work;
      return (values, host) => {
        const run = renewal === undefined ? work.run : (host.renewals[renewal] as typeof work.run);
        put(values, run(valuesOf(values)) as TensorInfo);
      };
    }
    case "fill": {
      const { from, renewal } = work;
      const { shape, dtype } = infos[outputs[0] as Slot] as ValueInfo;
      return (values, host) => {
        let { fill } = work;
        if (renewal !== undefined) fill = host.renewals[renewal] as Fill;
        else if (from) fill = from.make(host.values[from.host] as object);
        put(values, filledInfo(backend, dtype as "float32", shape, fill));
      };
    }
    case "host":
    case "values": {
      const { shape, dtype } = infos[outputs[0] as Slot] as ValueInfo;
      return (values, host) => {
        const given = work.kind === "host" ? host.values[work.host] : host.renewals[work.renewal];
        const numbers = (typeof given === "number" ? [given] : given) as ArrayLike<number>;
        put(
          values,
          filledInfo(backend, dtype as "float32", shape, (elements) => elements.set(numbers)),
        );
      };
    }
    default:
      return work satisfies never;
  }
}

/** Runs a kernel whose own code runs ops, which take tensors of the engine. */
function byEngine(
  name: string,
  names: readonly string[] | undefined,
  infos: readonly TensorInfo[],
  attrs: object,
): TensorInfo[] {
  const backend = backendNow();
  const given = infos.map((info) => {
    backend.incRef(info.dataId);
    return tensorOfInfo(info);
  });
  try {
    const inputs = names ? Object.fromEntries(names.map((key, i) => [key, given[i] as Tensor])) : given;
    return runByEngine(name, inputs, attrs).map((tensor) => {
      // The tensor is let go, its data stay.
      backend.incRef(tensor.dataId);
      const { dataId, shape, dtype } = tensor;
      tensor.dispose();
      return { dataId, shape, dtype };
    });
  } finally {
    for (const tensor of given) tensor.dispose();
  }
}
