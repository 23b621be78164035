/** @file One call, recorded; and later calls, played. */
import { equalGraphDefs } from "../graph/equal.ts";
import type { Frame } from "../graph/frame.ts";
import { iterNodes } from "../graph/iterate.ts";
import { refuseLate } from "../ownership/late.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import { formatPath, type Path } from "../path.ts";
import { runOnce } from "../recording/run.ts";
import { Modules, runningModule } from "../recording/running.ts";
import { tidy } from "../graph/scope.ts";
import { backendInUse, scoped, type Tensor } from "../tensor.ts";
import type { AtomicOptions } from "../undo/atomically.ts";
import { framesOfArgument } from "../undo/structure.ts";
import { unread } from "../variable/observer.ts";
import { Variable } from "../variable/variable.ts";
import type { VariableState } from "../variable/variable-state.ts";
import { type Arguments, pathOfLeaf, storedValue, takeApart } from "./arguments.ts";
import { type HostSlot, OtherWay } from "./host.ts";
import { isHostObject } from "./host-data.ts";
import type { Program, Slot } from "./program.ts";
import { Lent } from "./lend.ts";
import { ProgramRecorder } from "./recorder.ts";
import { Recording } from "./recording.ts";
import { optimize, Replay } from "./replay.ts";
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
  readonly replay: Replay;
  readonly guards: ReadonlyMap<number, unknown>;
  readonly writes: readonly Write[];
  readonly result: Make;
  readonly aliases: readonly (readonly [number, number])[];
  readonly keyAliases: readonly (readonly [number, number])[];
  readonly destinations: readonly Destination[];
  readonly inputNames: readonly string[];
  readonly hostNames: readonly string[];
}

/** A program with what is around it: what it holds for, and what becomes of its results. */
export class Played {
  info = { reason: "", replays: 0, kernels: 0, constants: 0 };
  /** Why it did not hold for a call. */
  miss: OtherWay["what"] = "host";
  /** What prints show. */
  readonly parts: Pick<PlayedParts, "destinations" | "inputNames" | "hostNames">;
  private readonly replay: Replay;
  private readonly guards: ReadonlyMap<number, unknown>;
  private readonly writes: readonly Write[];
  private readonly result: Make;
  /** Pairs of inputs that are one tensor. */
  private readonly aliases: readonly (readonly [number, number])[];
  /** Pairs of keys that are one object. */
  private readonly keyAliases: readonly (readonly [number, number])[];

  constructor(parts: PlayedParts) {
    this.parts = parts;
    this.replay = parts.replay;
    this.guards = parts.guards;
    this.writes = parts.writes;
    this.result = parts.result;
    this.aliases = parts.aliases;
    this.keyAliases = parts.keyAliases;
  }

  get program(): Program {
    return this.replay.program;
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
    this.replay.dispose();
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
  let recorder: ProgramRecorder | undefined;
  try {
    let played: Played | undefined;
    const result = tidy(() => {
      const lent = new Lent(args, given);
      try {
        const own = takeApart(lent.args);
        recorder = new ProgramRecorder({ where: "jit", tensors: own.tensors, running });
        const recording = new Recording("jit", recorder, own, running);
        const before = own.leaves.map(({ value }) =>
          value instanceof Variable ? unread(() => value.toState()) : undefined,
        );
        const recorded = { args, lent, given, own, before, recorder, recording };
        const run = (): unknown => {
          const made = recording.record(() => f(...lent.args));
          refuseLate("jit", () => "the function", made);
          const parts = partsOf(recorded, made);
          lent.restore();
          if (isSameStructure(args, given, before)) played = new Played(parts());
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

/** What a recording is made of; the constants are its own once the function is called. */
function partsOf(recorded: Recorded, result: unknown): () => PlayedParts {
  const { lent, given, own, before, recorder, recording } = recorded;
  const outputs: Slot[] = [];
  const indices = new Map<number, number>();
  const inputOf = new Map(own.tensors.map(({ id }, i) => [id, -1 - i]));
  const paths = new Map<object, Path>();
  for (const [path, node] of iterNodes({ args: lent.args })) paths.set(node, path.slice(1));
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
  const destinations: Destination[] = [];
  /** Makes a maker, and notes which results it uses. */
  const making = (name: string, value: unknown): Make => {
    const results: number[] = [];
    const tensor = (each: Tensor): number => {
      const index = sources.tensor(each);
      results.push(index);
      return index;
    };
    const make = makerOf(value, { ...sources, tensor });
    destinations.push({ name, results, host: undefined });
    return make;
  };
  own.leaves.forEach((place, leaf) => {
    const { value: variable, firstHost } = place;
    if (!(variable instanceof Variable) || variable.isDisposed) return;
    const value = storedValue(variable);
    const name = formatPath(pathOfLeaf(place));
    if (typeof value === "number" || isHostObject(value)) {
      // Of an equal number the step may differ.
      const host = recording.slotOf(variable);
      if (host === recording.argumentSlot(firstHost)) return;
      writes.push({ leaf, make: (from) => from.host[host] });
      destinations.push({ name, results: [], host });
    } else if (unread(() => variable.toState()) !== before[leaf])
      writes.push({ leaf, make: making(name, value) });
  });
  const make = making("result", result);
  return () => ({
    replay: new Replay(
      optimize({
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
      }),
    ),
    guards: recording.guards,
    writes,
    result: make,
    aliases: aliasesIn(given.tensors),
    keyAliases: aliasesIn(given.host),
    destinations,
    inputNames: given.tensorLeaves.map(nameOfLeaf(given)),
    hostNames: given.hostLeaves.map(nameOfLeaf(given)),
  });
}

/** The path of a leaf; of a key among the arguments there is none. */
const nameOfLeaf =
  ({ leaves }: Arguments) =>
  (leaf: number): string => {
    const found = leaves[leaf];
    return found ? formatPath(pathOfLeaf(found)) : "an argument";
  };

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

/** Whether the arguments are what they were, but for the values in Variables. */
function isSameStructure(
  args: readonly unknown[],
  given: Arguments,
  before: readonly (VariableState | undefined)[],
): boolean {
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
