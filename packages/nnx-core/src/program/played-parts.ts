/** @file What a recording becomes: the program, and where its results go. */
import { iterNodes } from "../graph/iterate.ts";
import { formatPath, type Path } from "../path.ts";
import { backendInUse, isTensor, type Tensor } from "../tensor.ts";
import { unread } from "../variable/observer.ts";
import { Variable } from "../variable/variable.ts";
import type { VariableState } from "../variable/variable-state.ts";
import { type Arguments, pathOfLeaf } from "./arguments.ts";
import { aliasesIn, lastIndexIn } from "./index-in.ts";
import type { HostSlot } from "./host.ts";
import { isHostObject } from "./host-data.ts";
import type { Lent } from "./lend.ts";
import type { Program, Slot } from "./program.ts";
import type { ProgramRecorder } from "./recorder.ts";
import type { Recording } from "./recording.ts";
import { type Make, makerOf, type Sources, tensorMaker } from "./results.ts";

/** What a call writes to the Variable of a leaf. */
export interface Write {
  readonly leaf: number;
  readonly make: Make;
  /** The number of the program's result that the Variable gets, if it is the only one who does. */
  readonly sole: number | undefined;
}

/** What a call wrote. */
interface RecordedWrite extends Omit<Write, "sole"> {
  /** What the Variable had before, if it got a tensor. */
  readonly before: VariableState | undefined;
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
export interface PlayedParts {
  readonly program: Program;
  /** Frees the constants, as long as no replay was made. */
  readonly dispose: () => void;
  readonly guards: ReadonlyMap<number, unknown>;
  /** Variables of tensorflow.js among the constants, with the data that they had. */
  readonly assigned: ProgramRecorder["assigned"];
  readonly result: Make;
  readonly forReplays: () => ReplayParts;
  readonly names: () => PlayedNames;
}

/**
 * What replays alone need beside the program. It is made for the first of them, since many functions
 * are called once.
 */
export interface ReplayParts {
  readonly writes: readonly Write[];
  /** The input whose place a result takes in a Variable that alone gets it, by the result's number. */
  readonly replaced: ReadonlyMap<number, Slot>;
  /** The leaves whose tensors the call hands on as they are. */
  readonly handedOn: readonly number[];
  /** The inputs that the result has: a Variable may let go of them. */
  readonly returned: readonly number[];
  /** Pairs of inputs that are one tensor. */
  readonly aliases: readonly (readonly [number, number])[];
  /** Pairs of keys that are one object. */
  readonly keyAliases: readonly (readonly [number, number])[];
}

/** What prints show. */
export interface PlayedNames {
  readonly destinations: readonly Destination[];
  readonly inputs: readonly string[];
  readonly host: readonly string[];
}

/** A run that was recorded. */
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
export function playedParts(recorded: Recorded, result: unknown): PlayedParts {
  const { lent, given, own, before, recorder, recording } = recorded;
  const outputs: Slot[] = [];
  const indices = new Map<number, number>();
  /** The number of an input; of the last one, where several are one tensor. */
  const inputOf = lastIndexIn(own.tensors);
  let paths: Map<object, Path> | undefined;
  const pathsOfArguments = (): Map<object, Path> => {
    const found = new Map<object, Path>();
    for (const [path, node] of iterNodes({ args: lent.args })) found.set(node, path.slice(1));
    return found;
  };
  const sources: Sources = {
    tensor: (tensor) => {
      const input = inputOf(tensor);
      if (input >= 0) return -1 - input;
      const known = indices.get(tensor.id);
      if (known !== undefined) return known;
      indices.set(tensor.id, outputs.length);
      outputs.push(recorder.slotOf(tensor));
      return outputs.length - 1;
    },
    host: (value) => recorder.hostSlotOf(value),
    leaf: (value) => recording.sourceOfLeaf(value),
    argument: (value) => {
      paths ??= pathsOfArguments();
      return paths.get(value);
    },
  };
  const writes: RecordedWrite[] = [];
  /** What each value is made of; the result comes last. */
  const made: Omit<Destination, "name">[] = [];
  /** Makes a maker, and notes which results it uses. */
  const making = (value: unknown): Make => {
    if (isTensor(value)) {
      const index = sources.tensor(value);
      made.push({ results: [index], host: undefined });
      return tensorMaker(index);
    }
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
  const states = unread(() =>
    own.leaves.map(({ value }) =>
      value instanceof Variable && !value.isDisposed ? value.toState() : undefined,
    ),
  );
  own.leaves.forEach(({ value: variable, firstHost }, leaf) => {
    const state = states[leaf];
    if (!(variable instanceof Variable) || !state) return;
    const { value } = state;
    if (typeof value === "number" || isHostObject(value)) {
      // Of an equal number the step may differ.
      const host = recording.slotOf(variable);
      if (host === recording.argumentSlot(firstHost)) return;
      writes.push({ leaf, make: (from) => from.host[host], before: undefined });
      made.push({ results: [], host });
      return;
    }
    if (state === before[leaf]) return;
    const list = recording.sourceOf(variable);
    if (list !== undefined) {
      writes.push({ leaf, make: (from) => from.host[list], before: undefined });
      made.push({ results: [], host: list });
    } else {
      writes.push({ leaf, make: making(value), before: isTensor(value) ? before[leaf] : undefined });
    }
  });
  const make = making(result);
  const forReplays = (): ReplayParts => {
    const uses = made.flatMap(({ results }) => results);
    const counts = new Map<number, number>();
    for (const index of uses) counts.set(index, (counts.get(index) ?? 0) + 1);
    const aliases = aliasesIn(given.tensors);
    const shared = new Set(aliases.flat());
    const replaced = new Map<number, Slot>();
    const allWrites = writes.map(({ leaf, make: makeValue, before: state }, i): Write => {
      const [index = -1, ...others] = made[i]?.results ?? [];
      const isSole = index >= 0 && others.length === 0 && counts.get(index) === 1;
      if (!isSole || !state) return { leaf, make: makeValue, sole: undefined };
      const input = given.tensorLeaves.indexOf(leaf);
      if (isTensor(state.value) && !shared.has(input)) replaced.set(index, input);
      return { leaf, make: makeValue, sole: index };
    });
    return {
      writes: allWrites,
      replaced,
      returned: (made.at(-1)?.results ?? []).filter((index) => index < 0).map((index) => -1 - index),
      handedOn: uses.flatMap((index) => (index < 0 ? (given.tensorLeaves[-1 - index] ?? []) : [])),
      aliases,
      keyAliases: aliasesIn(given.host),
    };
  };
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
    assigned: recorder.assigned,
    result: make,
    forReplays,
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
