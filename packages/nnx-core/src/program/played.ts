/** @file One call, recorded; and later calls, played. */
import { iterNodes } from "../graph/iterate.ts";
import { refuseLate } from "../ownership/late.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import { formatPath, type Path } from "../path.ts";
import { runOnce } from "../recording/run.ts";
import { type Modules, runningModule } from "../recording/running.ts";
import { tidy } from "../graph/scope.ts";
import { backendInUse, scoped, type Tensor } from "../tensor.ts";
import type { AtomicOptions } from "../undo/atomically.ts";
import type { Structure } from "../undo/structure.ts";
import { unread } from "../variable/observer.ts";
import { Variable } from "../variable/variable.ts";
import type { VariableState } from "../variable/variable-state.ts";
import { type Arguments, pathOfLeaf, storedValue } from "./arguments.ts";
import { type HostSlot, OtherWay } from "./host.ts";
import { isHostObject } from "./host-data.ts";
import type { Program, Slot } from "./program.ts";
import { Lent } from "./lend.ts";
import { ProgramRecorder } from "./recorder.ts";
import { Recording } from "./recording.ts";
import { Kernels, optimize, Replay } from "./replay.ts";
import { type Make, makerOf, type Sources } from "./results.ts";

/** What a call writes to the Variable of a leaf. */
interface Write {
  readonly leaf: number;
  readonly make: Make;
}

/** Where a result of the program goes, in words. */
interface Destination {
  readonly name: string;
  /** The numbers of its values among the program's results; of inputs below zero. */
  readonly results: readonly number[];
  /** The step of the host, of a number or key. */
  readonly host: HostSlot | undefined;
}

/** What a {@link Played} is made of. */
interface PlayedParts {
  readonly program: Program;
  /** Frees the constants, as long as no replay was made. */
  readonly dispose: () => void;
  readonly guards: ReadonlyMap<number, unknown>;
  readonly writes: readonly Write[];
  readonly result: Make;
  readonly aliases: readonly (readonly [number, number])[];
  readonly keyAliases: readonly (readonly [number, number])[];
  readonly names: () => PlayedNames;
}

/** What prints show. */
export interface PlayedNames {
  readonly destinations: readonly Destination[];
  readonly inputs: readonly string[];
  readonly host: readonly string[];
}

/** A program with what is around it: what it holds for, and what becomes of its results. */
export class Played {
  info: { replays: number } = { replays: 0 };
  /** Why it did not hold for a call. */
  miss: OtherWay["what"] = "host";
  readonly names: () => PlayedNames;
  private readonly recorded: Program;
  private readonly kernels: Kernels;
  /** Made for the first replay: many functions are called once. */
  private made: Replay | undefined;
  private readonly disposeRecorded: () => void;
  private readonly guards: ReadonlyMap<number, unknown>;
  private readonly writes: readonly Write[];
  private readonly result: Make;
  /** Pairs of inputs that are one tensor. */
  private readonly aliases: readonly (readonly [number, number])[];
  /** Pairs of keys that are one object. */
  private readonly keyAliases: readonly (readonly [number, number])[];

  constructor(parts: PlayedParts) {
    this.names = parts.names;
    this.recorded = parts.program;
    this.kernels = new Kernels(parts.program);
    this.disposeRecorded = parts.dispose;
    this.guards = parts.guards;
    this.writes = parts.writes;
    this.result = parts.result;
    this.aliases = parts.aliases;
    this.keyAliases = parts.keyAliases;
  }

  private get replay(): Replay {
    this.made ??= new Replay(optimize(this.recorded, this.kernels), this.kernels);
    return this.made;
  }

  /** The program after all passes; before them where its kernels are gone. */
  get program(): Program {
    return this.made || this.isCurrent() ? this.replay.program : this.recorded;
  }

  get kernelCount(): number {
    return this.program.nodes.length;
  }

  get constantCount(): number {
    return this.program.constants.length;
  }

  isCurrent(): boolean {
    return this.kernels.areCurrent();
  }

  /** Whether the program holds for a call. */
  isFor(given: Arguments): boolean {
    return (
      this.isCurrent() &&
      this.changedNumber(given) === undefined &&
      this.aliases.every(([a, b]) => given.tensors[a] === given.tensors[b]) &&
      this.keyAliases.every(([a, b]) => given.host[a] === given.host[b])
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

  /**
   * Runs the program and writes the Variables: all or none.
   * @returns nothing if the program does not hold for the call.
   */
  play(given: Arguments, args: readonly unknown[]): { readonly result: unknown } | undefined {
    const ran = this.replay.run(given.tensors, given.host);
    if (ran instanceof OtherWay) {
      this.miss = ran.what;
      return undefined;
    }
    const [tensors, host] = ran;
    const from = { tensors, inputs: given.tensors, host, args };
    const values = this.writes.map(({ make }) => make(from));
    // What is released lives until the scope ends, so that writes can be undone.
    scoped(() => {
      this.write(given, values);
    });
    return { result: this.result(from) };
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
    if (this.made) this.made.dispose();
    else this.disposeRecorded();
  }
}

/** A call that was recorded. */
export interface RecordedCall {
  readonly result: unknown;
  /** Missing where the call changed the structure of its arguments. */
  readonly played: Played | undefined;
}

/**
 * Runs `f` and records it.
 * @param options - `alwaysUndo`: the call leaves nothing behind.
 */
export function recordCall(
  f: (...args: readonly unknown[]) => unknown,
  args: readonly unknown[],
  given: Arguments,
  options: AtomicOptions = {},
): RecordedCall {
  let modules: Modules | undefined;
  const paths = new Map<object, Path>();
  const running = (): Path | undefined => {
    const module = modules && runningModule(modules);
    if (!modules || !module) return undefined;
    let path = paths.get(module);
    if (!path) {
      path = modules.pathOf(module);
      paths.set(module, path);
    }
    return path;
  };
  let recorder: ProgramRecorder | undefined;
  try {
    let played: Played | undefined;
    const result = tidy(() => {
      const lent = new Lent(args, given);
      try {
        const own = lent.arguments();
        recorder = new ProgramRecorder({ where: "jit", tensors: own.tensors, running });
        const recording = new Recording("jit", recorder, own, running);
        const before = own.leaves.map(({ value }) =>
          value instanceof Variable ? unread(() => value.toState()) : undefined,
        );
        const recorded = { args, lent, given, own, before, recorder, recording };
        const run = (structure: Structure, all: Modules): unknown => {
          modules = all;
          const made = recording.record(() => f(...lent.args));
          refuseLate("jit", () => "the function", made);
          const parts = partsOf(recorded, made);
          if (structure.isSame() && areSameVariables(given, before)) played = new Played(parts);
          lent.restore();
          return options.alwaysUndo ? undefined : lent.ownIn(made);
        };
        return runOnce(args, run, options);
      } finally {
        lent.restore();
      }
    });
    if (!played) recorder?.dispose();
    return { result, played };
  } catch (error) {
    recorder?.dispose();
    throw error;
  }
}

interface Recorded {
  readonly args: readonly unknown[];
  readonly lent: Lent;
  readonly given: Arguments;
  /** The arguments with copies. */
  readonly own: Arguments;
  readonly before: readonly (VariableState | undefined)[];
  readonly recorder: ProgramRecorder;
  readonly recording: Recording;
}

/** What a recording is made of. */
function partsOf(recorded: Recorded, result: unknown): PlayedParts {
  const { lent, given, own, before, recorder, recording } = recorded;
  const outputs: Slot[] = [];
  const indices = new Map<number, number>();
  const inputOf = new Map(own.tensors.map(({ id }, i) => [id, -1 - i]));
  let paths: Map<object, Path> | undefined;
  const pathsOfArguments = (): Map<object, Path> => {
    const found = new Map<object, Path>();
    for (const [path, node] of iterNodes({ args: lent.args })) found.set(node, path.slice(1));
    return found;
  };
  const sources: Sources = {
    tensor: (tensor) => {
      const known = inputOf.get(tensor.id) ?? indices.get(tensor.id);
      if (known !== undefined) return known;
      indices.set(tensor.id, outputs.length);
      outputs.push(recorder.slotOf(tensor));
      return outputs.length - 1;
    },
    host: (value) => recorder.hostSlotOf(value),
    argument: (value) => {
      paths ??= pathsOfArguments();
      return paths.get(value);
    },
  };
  const writes: Write[] = [];
  /** What each value is made of; the result comes last. */
  const made: Omit<Destination, "name">[] = [];
  /** Makes a maker, and notes which results it uses. */
  const making = (value: unknown): Make => {
    const results: number[] = [];
    const tensor = (each: Tensor): number => {
      const index = sources.tensor(each);
      results.push(index);
      return index;
    };
    const make = makerOf(value, { ...sources, tensor });
    made.push({ results, host: undefined });
    return make;
  };
  own.leaves.forEach(({ value: variable, firstHost }, leaf) => {
    if (!(variable instanceof Variable) || variable.isDisposed) return;
    const state = unread(() => variable.toState());
    const { value } = state;
    if (typeof value === "number" || isHostObject(value)) {
      // Of an equal number the step may differ.
      const host = recording.slotOf(variable);
      if (host === recording.argumentSlot(firstHost)) return;
      writes.push({ leaf, make: (from) => from.host[host] });
      made.push({ results: [], host });
    } else if (state !== before[leaf]) writes.push({ leaf, make: making(value) });
  });
  const make = making(result);
  const nameOf = (leaf: number): string => {
    const found = given.leaves[leaf];
    return found ? formatPath(pathOfLeaf(found)) : "an argument";
  };
  return {
    program: {
      nodes: recorder.nodes,
      views: [],
      constants: recorder.constants,
      outputs,
      inputCount: given.tensors.length,
      infos: recorder.infos,
      host: recorder.host,
      steps: recorder.firstSteps,
      renewals: recorder.renewals,
      backend: backendInUse(),
    },
    dispose: () => recorder.dispose(),
    guards: recording.guards,
    writes,
    result: make,
    aliases: aliasesIn(given.tensors),
    keyAliases: aliasesIn(given.host),
    names: () => ({
      destinations: made.map((each, i) => {
        const write = writes[i];
        return { ...each, name: write ? nameOf(write.leaf) : "result" };
      }),
      inputs: given.tensorLeaves.map(nameOf),
      host: given.hostLeaves.map(nameOf),
    }),
  };
}

/** Pairs of positions with one object. */
function aliasesIn(list: readonly unknown[]): (readonly [number, number])[] {
  const first = new Map<unknown, number>();
  const found: (readonly [number, number])[] = [];
  list.forEach((item, i) => {
    if (typeof item !== "object") return;
    const known = first.get(item);
    if (known === undefined) first.set(item, i);
    else found.push([known, i]);
  });
  return found;
}

/** Whether the Variables are what they were, but for their values. */
const areSameVariables = ({ leaves }: Arguments, before: readonly (VariableState | undefined)[]): boolean =>
  leaves.every(({ value }, i) =>
    value instanceof Variable
      ? !value.isDisposed && value.metadata === before[i]?.metadata
      : tensorsIn(storedValue(value)).every(({ isDisposed }) => !isDisposed),
  );
