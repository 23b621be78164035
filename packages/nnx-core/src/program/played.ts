/** @file One call, recorded; and later calls, played. */
import { equalGraphDefs } from "../graph/equal.ts";
import type { Frame } from "../graph/frame.ts";
import { iterNodes } from "../graph/iterate.ts";
import { refuseLate } from "../ownership/late.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import type { Path } from "../path.ts";
import { runOnce } from "../recording/run.ts";
import { Modules, runningModule } from "../recording/running.ts";
import { tidy } from "../graph/scope.ts";
import { backendName, scoped, type Tensor } from "../tensor.ts";
import { framesOfArgument } from "../undo/structure.ts";
import { unread } from "../variable/observer.ts";
import { Variable } from "../variable/variable.ts";
import type { VariableState } from "../variable/variable-state.ts";
import { type Arguments, pathOfLeaf, storedValue, takeApart } from "./arguments.ts";
import type { HostValues } from "./host.ts";
import { isHostObject } from "./host-data.ts";
import type { Slot } from "./program.ts";
import { ProgramRecorder } from "./recorder.ts";
import { Recording } from "./recording.ts";
import { optimize, Replay } from "./replay.ts";
import { type Make, makerOf, type Sources } from "./results.ts";

/** What a call writes to the Variable of a leaf. */
interface Write {
  readonly leaf: number;
  readonly make: Make;
}

/** A program with what is around it: what it holds for, and what becomes of its results. */
export class Played {
  info = { reason: "", replays: 0, kernels: 0, constants: 0 };
  private readonly replay: Replay;
  private readonly guards: ReadonlyMap<number, unknown>;
  private readonly writes: readonly Write[];
  private readonly result: Make;
  /** Pairs of inputs that are one tensor. */
  private readonly aliases: readonly (readonly [number, number])[];

  constructor(parts: {
    readonly replay: Replay;
    readonly guards: ReadonlyMap<number, unknown>;
    readonly writes: readonly Write[];
    readonly result: Make;
    readonly aliases: readonly (readonly [number, number])[];
  }) {
    this.replay = parts.replay;
    this.guards = parts.guards;
    this.writes = parts.writes;
    this.result = parts.result;
    this.aliases = parts.aliases;
  }

  get kernelCount(): number {
    return this.replay.program.nodes.length;
  }

  get constantCount(): number {
    return this.replay.program.constants.length;
  }

  isCurrent(): boolean {
    return this.replay.isCurrent();
  }

  /** Whether the program holds for a call. */
  isFor(given: Arguments): boolean {
    return (
      this.isCurrent() &&
      this.changedNumber(given) === undefined &&
      this.aliases.every(([a, b]) => given.tensors[a] === given.tensors[b])
    );
  }

  /** The position of a number that is not what it was. */
  changedNumber({ host }: Arguments): number | undefined {
    for (const [index, value] of this.guards) if (!Object.is(host[index], value)) return index;
    return undefined;
  }

  pathOfNumber(index: number, { leaves }: Arguments): Path {
    const leaf = leaves.find(
      ({ firstHost, hostCount }) => firstHost <= index && index < firstHost + hostCount,
    );
    return leaf ? pathOfLeaf(leaf) : [];
  }

  /** Computes what the host computes; nothing where it goes another way. */
  prepare({ host }: Arguments): HostValues | undefined {
    return this.replay.prepare(host);
  }

  /** Runs the program and writes the Variables: all or none. */
  play(given: Arguments, args: readonly unknown[], host: HostValues): unknown {
    const tensors = this.replay.run(given.tensors, host);
    const from = { tensors, inputs: given.tensors, host: host.values, args };
    const values = this.writes.map(({ make }) => make(from));
    // What is released lives until the scope ends, so that writes can be undone.
    scoped(() => {
      this.write(given, values);
    });
    return this.result(from);
  }

  private write({ leaves }: Arguments, values: readonly unknown[]): void {
    const before: (readonly [Variable, VariableState])[] = [];
    try {
      this.writes.forEach(({ leaf }, i) => {
        const variable = leaves[leaf]?.value as Variable;
        before.push([variable, unread(() => variable.toState())]);
        variable.setRawValue(values[i]);
      });
    } catch (error) {
      for (const [variable, state] of before) variable.takeState(state);
      throw error;
    }
  }

  dispose(): void {
    this.replay.dispose();
  }
}

/** Runs `f` and records it. @returns no program where the call changed the structure of its arguments */
export function recordCall(
  f: (...args: readonly unknown[]) => unknown,
  args: readonly unknown[],
  given: Arguments,
): { readonly result: unknown; readonly played: Played | undefined } {
  const modules = new Modules(args.flatMap((arg): Frame[] => framesOfArgument(arg)));
  const paths = new Map<object, Path>();
  const running = (): Path | undefined => {
    const module = runningModule(modules);
    if (!module) return undefined;
    let path = paths.get(module);
    if (!path) {
      path = modules.pathOf(module);
      paths.set(module, path);
    }
    return path;
  };
  const recorder = new ProgramRecorder({ where: "jit", tensors: given.tensors, running });
  const recording = new Recording("jit", recorder, given, running);
  const before = given.leaves.map(({ value }) =>
    value instanceof Variable ? unread(() => value.toState()) : undefined,
  );
  let played: Played | undefined;
  try {
    const result = tidy(() => {
      const made = runOnce(args, () => {
        const own = recording.record(() => f(...args));
        refuseLate("jit", () => "the function", own);
        return own;
      });
      played = programOf({ args, given, before, recorder, recording, result: made });
      return made;
    });
    if (!played) recorder.dispose();
    return { result, played };
  } catch (error) {
    recorder.dispose();
    throw error;
  }
}

interface Recorded {
  readonly args: readonly unknown[];
  readonly given: Arguments;
  readonly before: readonly (VariableState | undefined)[];
  readonly recorder: ProgramRecorder;
  readonly recording: Recording;
  readonly result: unknown;
}

function programOf(recorded: Recorded): Played | undefined {
  const { args, given, before, recorder, recording, result } = recorded;
  if (!isSameStructure(recorded)) return undefined;
  const outputs: Slot[] = [];
  const indices = new Map<number, number>();
  const inputOf = new Map(given.tensors.map(({ id }, i) => [id, -1 - i]));
  const paths = new Map<object, Path>();
  for (const [path, node] of iterNodes({ args })) paths.set(node, path.slice(1));
  const sources: Sources = {
    tensor: (tensor) => {
      const known = inputOf.get(tensor.id) ?? indices.get(tensor.id);
      if (known !== undefined) return known;
      indices.set(tensor.id, outputs.length);
      outputs.push(recorder.slotOf(tensor));
      return outputs.length - 1;
    },
    host: (value) => recorder.hostSlotOf(value),
    argument: (value) => paths.get(value),
  };
  const writes: Write[] = [];
  given.leaves.forEach(({ value: variable }, leaf) => {
    if (!(variable instanceof Variable)) return;
    if (unread(() => variable.toState()) === before[leaf]) return;
    const value = storedValue(variable);
    if (typeof value === "number" || isHostObject(value)) {
      const slot = recording.slotOf(variable);
      writes.push({ leaf, make: ({ host }) => host[slot] });
    } else writes.push({ leaf, make: makerOf(value, sources) });
  });
  const make = makerOf(result, sources);
  const program = optimize({
    nodes: recorder.nodes,
    views: [],
    constants: recorder.constants,
    outputs,
    inputCount: given.tensors.length,
    infos: recorder.infos,
    host: recorder.host,
    renewals: recorder.renewals,
    backend: backendName(),
  });
  return new Played({
    replay: new Replay(program),
    guards: recording.guards,
    writes,
    result: make,
    aliases: aliasesIn(given.tensors),
  });
}

function aliasesIn(tensors: readonly Tensor[]): (readonly [number, number])[] {
  const first = new Map<Tensor, number>();
  const found: (readonly [number, number])[] = [];
  tensors.forEach((tensor, i) => {
    const known = first.get(tensor);
    if (known === undefined) first.set(tensor, i);
    else found.push([known, i]);
  });
  return found;
}

/** Whether the arguments are what they were, but for the values in Variables. */
function isSameStructure({ args, given, before }: Recorded): boolean {
  const after = takeApart(args);
  return (
    after.leaves.length === given.leaves.length &&
    equalGraphDefs(after.definition, given.definition) &&
    after.leaves.every(({ value }, i) => {
      if (value !== given.leaves[i]?.value) return false;
      if (!(value instanceof Variable))
        return tensorsIn(storedValue(value)).every(({ isDisposed }) => !isDisposed);
      return !value.isDisposed && value.metadata === before[i]?.metadata;
    })
  );
}
