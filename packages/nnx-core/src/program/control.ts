/**
 * @file Branches and loops whose course depends on what is computed. Their functions are recorded as
 * blocks of the program: each runs once more for that, on copies, and leaves nothing behind.
 */
import { gradientDepth } from "../autodiff/tape.ts";
import { describe, NnxError, StructureError } from "../errors.ts";
import { nodesOf } from "../graph/iterate.ts";
import { refuseLate } from "../ownership/late.ts";
import { attachTo } from "../ownership/scopes.ts";
import { isReachable, isTensor, readScalar, scoped, sharing, type Tensor } from "../tensor.ts";
import { atomically } from "../undo/atomically.ts";
import { framesOfArgument } from "../undo/structure.ts";
import { unread } from "../variable/observer.ts";
import { Variable } from "../variable/variable.ts";
import { Contents } from "./arguments.ts";
import type { HostSlot } from "./host.ts";
import { copyHostObject } from "./host-data.ts";
import { mapParts, partsIn } from "./parts.ts";
import type { Block, Slot, ValueInfo } from "./program.ts";
import { isHostValue, type Recording, recordingNow } from "./recording.ts";

/**
 * The recording that has to find out at each replay what a scalar is.
 * @returns nothing where no recording goes on, or the scalar is the same in each replay.
 * @throws {@link NnxError} where a replay could not.
 */
export function recordingFor(where: string, value: unknown): Recording | undefined {
  const recording = recordingNow();
  if (!recording || !isTensor(value) || value.rank !== 0 || value.dtype === "string") return undefined;
  const { recorder } = recording;
  if (!recorder.canBranch || !recorder.changes(value)) return undefined;
  if (gradientDepth() > 0) {
    throw new NnxError(
      `${where}: expected a value that is known while the function is recorded, got ${describe(value)} inside of a gradient. The gradient would be ` +
        "that of one branch: choose outside of the gradient, or compute both and choose with tf.where.",
    );
  }
  if (isReachable()) return recording;
  throw new NnxError(
    `${where}: expected a value that is known while the function is recorded, got ${describe(value)} on a backend whose values take long to read. ` +
      "Choose outside of the recorded function, or compute both and choose with tf.where.",
  );
}

/** Reads a scalar: the program holds for this value alone. */
export function readExpected({ recorder }: Recording, scalar: Tensor): number {
  const value = recorder.unrecorded(() => readScalar(scalar));
  recorder.addControl({ kind: "expect", value }, [recorder.slotOf(scalar)]);
  return value;
}

/** What a value is made of while a program is recorded. */
interface Sources {
  readonly tensors: ReadonlyMap<string, Slot>;
  readonly host: ReadonlyMap<string, HostSlot>;
  /** Numbers that must stay. */
  readonly numbers: ReadonlyMap<string, number>;
}

/** @param own - The step that computes the value itself, if it is a number or key of a Variable. */
function sourcesOf({ recorder }: Recording, value: unknown, own?: HostSlot): Sources {
  const tensors = new Map<string, Slot>();
  const host = new Map<string, HostSlot>();
  const numbers = new Map<string, number>();
  for (const [place, part] of partsIn(value)) {
    if (isTensor(part)) tensors.set(place, recorder.slotOf(part));
    else if (own !== undefined) host.set(place, own);
    else if (typeof part === "number") numbers.set(place, part);
    else {
      const known = recorder.hostSlotOf(part as object);
      host.set(place, known ?? recorder.addHost({ kind: "constant", value: part }));
    }
  }
  return { tensors, host, numbers };
}

/** What a Variable has at some point of a run. */
interface Held {
  readonly sources: Sources;
  /** Structure, shapes and dtypes, in words. */
  readonly kind: string;
}

function heldBy(recording: Recording, variable: Variable): Held {
  const value = unread(() => variable.getRawValue());
  const own = isHostValue(value) ? recording.slotOf(variable) : undefined;
  return { sources: sourcesOf(recording, value, own), kind: new Contents().add(value) };
}

/** A value with copies of its tensors and keys, which are known by their places. */
class Copied {
  readonly value: unknown;
  readonly tensors = new Map<string, Tensor>();
  readonly host = new Map<string, unknown>();

  constructor(value: unknown) {
    this.value = mapParts(value, {
      tensor: (tensor, place) => {
        const copy = sharing(tensor);
        this.tensors.set(place, copy);
        return copy;
      },
      host: (part, place) => {
        const copy = typeof part === "object" && part !== null ? copyHostObject(part) : part;
        this.host.set(place, copy);
        return copy;
      },
    });
  }
}

/** Runs `f`, and undoes what it does to the operands and to Variables. */
function onTrial<R>(
  recording: Recording,
  where: string,
  operands: readonly unknown[],
  f: (written: Set<Variable>, settled: () => void) => R,
): R {
  return recording.trial((written) => {
    let result: R | undefined;
    scoped(() => {
      const stopAttaching = attachTo(operands);
      try {
        atomically(
          operands.flatMap(framesOfArgument),
          (before) => {
            result = f(written, () => {
              if (before.isSame()) return;
              throw new StructureError(
                `${where}: expected functions that change values alone in a recorded function, got one that adds, removes or replaces attributes. ` +
                  "Make Variables before, and write into them.",
              );
            });
          },
          { alwaysUndo: true },
        );
      } finally {
        stopAttaching();
      }
    });
    return result as R;
  });
}

/** A branch that depends on what is computed. */
export interface RecordedChoice {
  readonly where: string;
  readonly operands: readonly unknown[];
  readonly selector: Tensor;
  readonly pick: (value: number) => number;
  readonly branches: readonly (() => unknown)[];
  /** Gets the result of each branch. Refuses those that are not alike. */
  readonly compare: (result: unknown) => void;
  /** Runs a branch as it is. */
  readonly run: (index: number) => unknown;
}

/** Records all branches, and runs the chosen one. */
export function recordChoice(recording: Recording, call: RecordedChoice): unknown {
  const { where, operands, selector, pick, branches, compare, run } = call;
  const { recorder } = recording;
  const index = pick(recorder.unrecorded(() => readScalar(selector)));
  const trials = branches.map((branch) =>
    onTrial(recording, where, operands, (written, settled) => {
      let result!: Sources;
      const after = new Map<Variable, Held>();
      const block = recorder.block(() => {
        const value = branch();
        refuseLate(where, () => "the function", value);
        compare(value);
        settled();
        result = sourcesOf(recording, value);
        for (const variable of written) {
          refuseGone(where, recording, variable);
          after.set(variable, heldBy(recording, variable));
        }
        return { outputs: [], host: [] };
      });
      return { block, result, after };
    }),
  );
  const written = [...new Set(trials.flatMap(({ after }) => [...after.keys()]))];
  const before = written.map((variable) => heldBy(recording, variable));
  const held = trials.map(({ after }) =>
    written.map((variable, i) => after.get(variable) ?? (before[i] as Held)),
  );
  for (const list of held)
    list.forEach((each, i) => {
      refuseOther(where, recording.nameOf(written[i] as Variable), before[i] as Held, each);
    });
  for (const { result } of trials)
    refuseNumbers(where, (trials[0] as (typeof trials)[number]).result, result);
  const given = trials.map(({ result }, i) => [result, ...(held[i] as Held[]).map(({ sources }) => sources)]);
  const first = given[0] as readonly Sources[];
  const blocks = trials.map(
    ({ block }, i): Block => ({ ...block, ...inOrderOf(where, first, given[i] as readonly Sources[]) }),
  );
  const value = recording.paused(() => run(index));
  const copies = [value, ...written.map((variable) => unread(() => variable.getRawValue()))].map(
    (each) => new Copied(each),
  );
  const hostOutputs = first.map(({ host }) =>
    [...host.keys()].map(() => recorder.addHost({ kind: "of node" })),
  );
  recorder.addControl(
    { kind: "choice", blocks, pick, hostOutputs: hostOutputs.flat(), after: [] },
    [recorder.slotOf(selector)],
    tensorsInOrder(first, copies),
  );
  noteResults(recording, first, copies, hostOutputs, [undefined, ...written]);
  return (copies[0] as Copied).value;
}

/** A loop that depends on what is computed. */
export interface RecordedLoop {
  readonly where: string;
  readonly init: unknown;
  readonly test: (value: unknown) => unknown;
  readonly body: (value: unknown) => unknown;
  /** Refuses what is not like the first value. */
  readonly compare: (value: unknown) => void;
  /** Runs the loop as it is. */
  readonly run: () => unknown;
}

/**
 * Records one turn of a loop, and runs the loop.
 * @returns nothing where the test does not depend on what is computed: nothing was recorded then.
 */
export function recordLoop(
  recording: Recording,
  call: RecordedLoop,
): { readonly value: unknown } | undefined {
  const { where, init, test, body, compare, run } = call;
  const { recorder } = recording;
  const variables = [...nodesOf([init])].filter((node) => node instanceof Variable);
  const before = variables.map((variable) => heldBy(recording, variable));
  const start = sourcesOf(recording, init);
  const first = [start, ...before.map(({ sources }) => sources)];
  const turn = onTrial(recording, where, [init], (written, settled) => {
    const parameters: Slot[] = [];
    const hostParameters: HostSlot[] = [];
    const infos: ValueInfo[] = [];
    /** Copies that stand for what a turn gets. */
    const parameter = (value: unknown, { tensors, host }: Sources): Copied => {
      const copied = new Copied(value);
      for (const place of tensors.keys()) {
        const tensor = copied.tensors.get(place) as Tensor;
        parameters.push(recorder.addParameter(tensor));
        infos.push({ shape: tensor.shape, dtype: tensor.dtype });
      }
      for (const place of host.keys()) {
        const slot = recorder.addHost({ kind: "of node" });
        hostParameters.push(slot);
        const object = copied.host.get(place);
        if (typeof object === "object" && object !== null) recorder.noteHost(object, slot);
      }
      return copied;
    };
    const held = (): Sources[] =>
      variables.map((variable, i) => {
        refuseGone(where, recording, variable);
        const after = heldBy(recording, variable);
        refuseOther(where, recording.nameOf(variable), before[i] as Held, after);
        return after.sources;
      });
    let changed: ReadonlySet<Variable> = new Set();
    let isKnown = false;
    const block = recorder.block(() => {
      const { value } = parameter(init, start);
      const carried = sourcesOf(recording, value);
      variables.forEach((variable, i) => {
        const own = unread(() => variable.getRawValue());
        const { value: copy } = parameter(own, (before[i] as Held).sources);
        if (isHostValue(copy)) recording.expect(variable, copy, hostParameters.at(-1) as HostSlot);
        variable.setRawValue(copy);
      });
      written.clear();
      const goesOn = test(value);
      isKnown = !recordingFor(where, goesOn);
      if (isKnown) return { outputs: [], host: [] };
      const { outputs, host } = inOrderOf(where, first, [carried, ...held()]);
      recorder.addControl({ kind: "stop", host }, [recorder.slotOf(goesOn as Tensor), ...outputs]);
      const next = body(value);
      refuseLate(where, () => "the function", next);
      compare(next);
      settled();
      refuseUnreached(where, recording, written, variables);
      const result = sourcesOf(recording, next);
      refuseNumbers(where, start, result);
      changed = new Set(written);
      return inOrderOf(where, first, [result, ...held()]);
    });
    return { block, parameters, hostParameters, infos, changed, isKnown };
  });
  if (turn.isKnown) return undefined;
  const { block, parameters, hostParameters, infos, changed } = turn;
  const inputs = inOrderOf(where, first, first);
  const result = recording.paused(run);
  const copies = [
    new Copied(result),
    ...variables.map((variable) =>
      changed.has(variable) ? new Copied(unread(() => variable.getRawValue())) : undefined,
    ),
  ];
  const hostOutputs = first.map(({ host }) =>
    [...host.keys()].map(() => recorder.addHost({ kind: "of node" })),
  );
  const tensors = tensorsInOrder(first, copies);
  recorder.addControl(
    {
      kind: "repeat",
      block,
      parameters,
      hostInputs: inputs.host,
      hostParameters,
      hostOutputs: hostOutputs.flat(),
      after: [],
    },
    inputs.outputs,
    infos.map((info, i) => tensors[i] ?? info),
  );
  noteResults(recording, first, copies, hostOutputs, [undefined, ...variables]);
  return { value: (copies[0] as Copied).value };
}

/** The values in the order of those in `first`. */
function inOrderOf(
  where: string,
  first: readonly Sources[],
  given: readonly Sources[],
): { outputs: Slot[]; host: HostSlot[] } {
  const outputs: Slot[] = [];
  const host: HostSlot[] = [];
  first.forEach((each, i) => {
    const { tensors, host: steps } = given[i] as Sources;
    for (const place of each.tensors.keys()) outputs.push(known(where, tensors.get(place)));
    for (const place of each.host.keys()) host.push(known(where, steps.get(place)));
  });
  return { outputs, host };
}

function known<T>(where: string, slot: T | undefined): T {
  if (slot !== undefined) return slot;
  throw new StructureError(
    `${where}: expected tensors and keys in the same places of each result, got others. Return the same structure.`,
  );
}

/** The tensors of copies, in the order of `first`; holes where there is no copy. */
const tensorsInOrder = (first: readonly Sources[], copies: readonly (Copied | undefined)[]): Tensor[] =>
  first.flatMap(({ tensors }, i) =>
    [...tensors.keys()].map((place) => copies[i]?.tensors.get(place) as Tensor),
  );

/** Writes the copies into the Variables, and notes which steps compute numbers and keys. */
function noteResults(
  recording: Recording,
  first: readonly Sources[],
  copies: readonly (Copied | undefined)[],
  hostOutputs: readonly (readonly HostSlot[])[],
  variables: readonly (Variable | undefined)[],
): void {
  copies.forEach((copied, i) => {
    if (!copied) return;
    const slots = hostOutputs[i] as readonly HostSlot[];
    [...(first[i] as Sources).host.keys()].forEach((place, j) => {
      const object = copied.host.get(place);
      if (typeof object === "object" && object !== null)
        recording.recorder.noteHost(object, slots[j] as HostSlot);
    });
    const variable = variables[i];
    if (!variable) return;
    if (isHostValue(copied.value)) recording.expect(variable, copied.value, slots[0] as HostSlot);
    variable.setRawValue(copied.value);
  });
}

function refuseGone(where: string, recording: Recording, variable: Variable): void {
  if (!variable.isDisposed) return;
  throw new StructureError(
    `${where} at ${recording.nameOf(variable)}: expected a Variable that stays, got one that a function disposes. Dispose it outside.`,
  );
}

function refuseOther(where: string, name: string, before: Held, after: Held): void {
  if (before.kind === after.kind) {
    refuseNumbers(`${where} at ${name}`, before.sources, after.sources);
    return;
  }
  throw new StructureError(
    `${where} at ${name}: expected a Variable to keep its structure, shapes and dtypes in a recorded function, got ${before.kind} before and ` +
      `${after.kind} after. Cast or reshape what is written.`,
  );
}

function refuseNumbers(where: string, before: Sources, after: Sources): void {
  for (const [place, value] of before.numbers) {
    const other = after.numbers.get(place);
    if (Object.is(value, other)) continue;
    throw new StructureError(
      `${where}: expected plain numbers to be the same whatever is computed, in a recorded function, got ${value} and ${other}. Use scalar tensors: tf.scalar.`,
    );
  }
}

function refuseUnreached(
  where: string,
  recording: Recording,
  written: ReadonlySet<Variable>,
  variables: readonly Variable[],
): void {
  const given = new Set(variables);
  for (const variable of written) {
    if (given.has(variable)) continue;
    throw new StructureError(
      `${where}: expected a loop that changes what is in its value alone, in a recorded function, got one that writes to ${recording.nameOf(variable)}. ` +
        "Put its module into the value.",
    );
  }
}
