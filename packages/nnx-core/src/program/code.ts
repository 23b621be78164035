/** @file Nodes, ready to run one after the other; blocks of nodes, which other nodes run. */
import { readScalarOf, takesPlans, type TensorInfo } from "../tensor.ts";
import { runSteps, type HostSlot, type HostWork } from "./host.ts";
import { lifetimes } from "./passes/lifetimes.ts";
import { PlannedCalls } from "./planned.ts";
import type { Block, Choice, Loop, ProgramNode, Slot, ValueInfo, View } from "./program.ts";
import { type Machine, type PlannedNode, type State, type Step, stepFor, tracedStep } from "./steps.ts";

/** A view of a value, with a shape that results may keep. */
interface ViewStep {
  readonly slot: Slot;
  readonly root: Slot;
  readonly shape: number[];
}

/** What code is made for. */
export interface CodeContext extends Machine {
  readonly works: readonly HostWork[];
  readonly rootOf: (slot: Slot) => Slot;
  /** The views of each value. */
  readonly viewsOf: ReadonlyMap<Slot, readonly ViewStep[]>;
}

/** The views of each value, by the value. */
export function viewsByRoot(
  views: readonly View[],
  infos: readonly ValueInfo[],
  rootOf: (slot: Slot) => Slot,
): Map<Slot, ViewStep[]> {
  const found = new Map<Slot, ViewStep[]>();
  for (const { slot } of views) {
    const root = rootOf(slot);
    const { shape } = infos[slot] as ValueInfo;
    found.set(root, [...(found.get(root) ?? []), { slot, root, shape: [...shape] }]);
  }
  return found;
}

/** Adds the views of a value that is there. */
export function addViews(state: State, views: readonly ViewStep[]): void {
  for (const { slot, root, shape } of views) {
    const value = state.values[root];
    // There is none where only calls of functions need it.
    if (value) state.values[slot] = { dataId: value.dataId, shape, dtype: value.dtype };
  }
}

const noViews: readonly ViewStep[] = [];

/** Nodes, ready to run. */
export class Code {
  private readonly steps: readonly Step[];
  private readonly frees: readonly (readonly Slot[])[];
  private readonly views: readonly (readonly ViewStep[])[];
  private readonly own: ReadonlySet<Slot>;
  private readonly context: CodeContext;
  private readonly nodes: readonly ProgramNode[];
  private readonly outputs: readonly Slot[];
  /** The nodes as calls of functions, once that is found out; `false` where none is no more than that. */
  private calls: PlannedCalls | false | undefined;
  private hasRun = false;

  /** @param outputs - What lives on. */
  constructor(nodes: readonly ProgramNode[], outputs: readonly Slot[], context: CodeContext) {
    this.context = context;
    this.nodes = nodes;
    this.outputs = outputs;
    if (!takesPlans(context.backend)) this.calls = false;
    this.own = new Set(nodes.flatMap((node) => node.outputs));
    this.steps = nodes.map((node) => this.stepOf(node));
    this.frees = lifetimes(nodes, outputs, context.rootOf);
    this.views = nodes.map((node) => {
      const views = node.outputs.flatMap((slot) => context.viewsOf.get(slot) ?? []);
      return views.length > 0 ? views : noViews;
    });
  }

  private stepOf(node: ProgramNode): Step {
    const { work, inputs, outputs } = node;
    switch (work.kind) {
      case "choice":
        return choiceStep(work, inputs, outputs, this.context);
      case "repeat":
        return loopStep(work, inputs, outputs, this.context);
      default:
        return stepFor(node, this.context);
    }
  }

  /** Whether nothing is found out about the nodes in the next run: they may write over their inputs. */
  get canOverwrite(): boolean {
    return this.calls === undefined ? !this.hasRun : this.calls === false || this.calls.isCurrent;
  }

  /** Runs the nodes. @returns whether a step ended it. */
  run(state: State): boolean {
    const { calls } = this;
    if (calls === undefined) {
      // Many functions are called twice: what makes later runs quicker is found out after that.
      const isTraced = this.hasRun;
      this.hasRun = true;
      return isTraced ? this.runTraced(state) : this.runSteps(state, this.steps);
    }
    if (calls && !calls.isCurrent) {
      // What writes over its inputs cannot be traced.
      const isTraced = takesPlans(this.context.backend) && state.over === undefined;
      return isTraced ? this.runTraced(state) : this.runSteps(state, this.steps);
    }
    if (calls === false || !calls.fits(state.host)) return this.runSteps(state, this.steps);
    if (!calls.begin(state.values)) return this.runSteps(state, this.steps);
    try {
      return this.runCalls(state, calls);
    } finally {
      calls.end();
    }
  }

  private runSteps(state: State, steps: readonly Step[]): boolean {
    for (let i = 0; i < steps.length; i++) {
      if ((steps[i] as Step)(state) === true) {
        this.clear(state);
        return true;
      }
      this.finish(i, state);
    }
    return false;
  }

  /** Runs the nodes, and finds out which are no more than calls of functions. */
  private runTraced(state: State): boolean {
    const plans: (PlannedNode | undefined)[] = [];
    const steps = this.nodes.map((node, i): Step => {
      const traced = tracedStep(node, this.context);
      return traced
        ? (each) => {
            plans[i] = traced(each);
          }
        : (this.steps[i] as Step);
    });
    if (this.runSteps(state, steps)) return true;
    this.calls = plans.some((plan) => plan !== undefined)
      ? new PlannedCalls(this.nodes, plans, this.outputs, this.context)
      : false;
    return false;
  }

  private runCalls(state: State, calls: PlannedCalls): boolean {
    const { values } = state;
    for (let i = 0; i < calls.steps.length; i++) {
      const planned = calls.steps[i];
      if (planned) calls.run(planned, state);
      else if ((this.steps[i] as Step)(state) === true) {
        this.clear(state);
        return true;
      }
      this.finish(i, state);
      if (!planned) calls.load(i, values);
    }
    return false;
  }

  /** Adds views of what a node made, and frees what nothing needs after it. */
  private finish(node: number, state: State): void {
    const { values } = state;
    const views = this.views[node] as readonly ViewStep[];
    if (views.length > 0) addViews(state, views);
    const frees = this.frees[node] as readonly Slot[];
    for (let i = 0; i < frees.length; i++) {
      const slot = frees[i] as Slot;
      const value = values[slot];
      // A value that is no tensor has its place for the time of the run.
      if (value === undefined) continue;
      this.context.backend.disposeData(value.dataId);
      values[slot] = undefined;
    }
  }

  /** Takes values out, each with a reference of its own. What the nodes made is gone then. */
  take(state: State, outputs: readonly Slot[]): TensorInfo[] {
    const { backend, rootOf } = this.context;
    const found = outputs.map((slot) => state.values[slot] as TensorInfo);
    for (const [i, slot] of outputs.entries()) {
      const root = rootOf(slot);
      // The first takes the data over; others, and those of values around it, share them.
      if (this.own.has(root) && state.values[root] !== undefined) state.values[root] = undefined;
      else backend.incRef((found[i] as TensorInfo).dataId);
    }
    return found;
  }

  /** Frees what the nodes made. */
  clear({ values }: State): void {
    for (const slot of this.own) {
      const value = values[slot];
      if (!value) continue;
      this.context.backend.disposeData(value.dataId);
      values[slot] = undefined;
    }
  }
}

function choiceStep(
  { blocks, pick, hostOutputs, after }: Choice,
  inputs: readonly Slot[],
  outputs: readonly Slot[],
  context: CodeContext,
): Step {
  const codes = blocks.map(({ nodes, outputs: given }) => new Code(nodes, given, context));
  const [selector] = inputs as [Slot];
  return (state) => {
    const { values, host, given } = state;
    const index = pick(readScalarOf(values[selector] as TensorInfo));
    const [block, code] = [blocks[index] as Block, codes[index] as Code];
    runSteps(context.works, block.steps, host, given);
    code.run(state);
    putAll(state, outputs, code.take(state, block.outputs));
    hostOutputs.forEach((slot, i) => {
      host.values[slot] = host.values[block.host[i] as HostSlot];
    });
    runSteps(context.works, after, host, given);
  };
}

const putAll = ({ values }: State, slots: readonly Slot[], infos: readonly TensorInfo[]): void =>
  slots.forEach((slot, i) => {
    values[slot] = infos[i];
  });

function loopStep(
  { block, parameters, hostInputs, hostParameters, hostOutputs, after }: Loop,
  inputs: readonly Slot[],
  outputs: readonly Slot[],
  context: CodeContext,
): Step {
  const code = new Code(block.nodes, block.outputs, context);
  const views = parameters.flatMap((slot) => context.viewsOf.get(slot) ?? []);
  const { backend, works } = context;
  return (state) => {
    const { values, host, given } = state;
    const setHost = (slots: readonly HostSlot[], next: readonly unknown[]): void =>
      slots.forEach((slot, i) => {
        host.values[slot] = next[i];
      });
    const hostAt = (slots: readonly HostSlot[]): unknown[] => slots.map((slot) => host.values[slot]);
    const letGo = (): void => {
      for (const slot of parameters) {
        backend.disposeData((values[slot] as TensorInfo).dataId);
        values[slot] = undefined;
      }
    };
    for (const slot of inputs) backend.incRef((values[slot] as TensorInfo).dataId);
    putAll(
      state,
      parameters,
      inputs.map((slot) => values[slot] as TensorInfo),
    );
    setHost(hostParameters, hostAt(hostInputs));
    for (;;) {
      addViews(state, views);
      runSteps(works, block.steps, host, given);
      if (code.run(state)) break;
      const next = code.take(state, block.outputs);
      letGo();
      putAll(state, parameters, next);
      setHost(hostParameters, hostAt(block.host));
    }
    letGo();
    putAll(state, outputs, state.left);
    setHost(hostOutputs, state.leftHost);
    state.left = [];
    runSteps(works, after, host, given);
  };
}
