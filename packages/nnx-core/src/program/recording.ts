/** @file The recording that goes on: which Variables it may read, and where numbers come from. */
import { describe, NnxError } from "../errors.ts";
import { formatPath, type Path } from "../path.ts";
import { intercept, setRecorder } from "../tensor.ts";
import {
  observeReads,
  observeWrites,
  type ReadObserver,
  unread,
  type WriteKind,
} from "../variable/observer.ts";
import { Structure } from "../undo/structure.ts";
import { Variable } from "../variable/variable.ts";
import { isVariableState, type VariableState } from "../variable/variable-state.ts";
import { unwatched, watchedLeaf } from "../variable/watched-leaf.ts";
import { type ArgumentLeaf, pathOfLeaf } from "./arguments.ts";
import type { HostSlot } from "./host.ts";
import { isHostObject } from "./host-data.ts";
import type { ProgramRecorder } from "./recorder.ts";
import { mapVariables } from "./map-variables.ts";
import { isNumberList, withNumbers } from "./number-list.ts";
import { HostInput } from "./section-inputs.ts";

/** Values that the host computes: numbers and objects such as keys. */
export const isHostValue = (x: unknown): boolean => typeof x === "number" || isHostObject(x);

let now: Recording | undefined;

/** The recording that goes on, if there is one. */
export const recordingNow = (): Recording | undefined => now;

const setNow = (next: Recording | undefined): void => {
  now = next;
};

/** What a recording needs of the arguments: the leaves, and the keys and numbers. */
export interface RecordedArguments {
  readonly leaves: readonly (Pick<ArgumentLeaf, "value" | "firstHost" | "hostCount"> &
    Partial<Pick<ArgumentLeaf, "parent" | "part">>)[];
  readonly host: readonly unknown[];
}

type RecordedLeaf = RecordedArguments["leaves"][number];

/** Follows Variables while a run is recorded. */
export class Recording implements ReadObserver {
  readonly recorder: ProgramRecorder;
  private readonly where: string;
  /** Whether leaves that are taken of Variables tell who reads them. Else taking one counts as reading it. */
  private readonly watches: boolean;
  private readonly leafOf = new Map<Variable, RecordedLeaf>();
  private readonly made = new Set<Variable>();
  /** The steps that compute what Variables have had: each write makes a leaf of its own. */
  private readonly slots = new WeakMap<object, HostSlot>();
  /**
   * Leaves of the arguments that have more than one number. Lists of numbers become steps when they are
   * asked for.
   */
  private readonly lists = new WeakMap<object, RecordedLeaf>();
  /** What is about to be written, and the step that computes it. */
  private readonly expected = new Map<Variable, readonly [value: unknown, slot: HostSlot]>();
  private readonly written = new Set<Variable>();
  /** Numbers that the run read: the program holds for these values alone. */
  readonly guards: Map<number, unknown> = new Map();
  /** The steps that were replaced in the trial that goes on. */
  private replaced: [leaf: object, slot: HostSlot | undefined][] | undefined;
  /** The Variables that are written in it. */
  private inTrial: Set<Variable> | undefined;
  private bornInTrial = new Set<Variable>();
  private isPaused = false;
  private structure: Structure | undefined;
  private readonly running: () => Path | undefined;
  private readonly host: readonly unknown[];
  private readonly arguments: readonly HostSlot[];

  constructor(
    where: string,
    recorder: ProgramRecorder,
    { leaves, host }: RecordedArguments,
    running: () => Path | undefined,
  ) {
    this.where = where;
    this.watches = where === "jit";
    this.recorder = recorder;
    this.running = running;
    this.host = host;
    this.arguments = host.map((value, index) => {
      const slot = recorder.addHost({ kind: "argument", index });
      if (typeof value === "object" && value !== null) recorder.noteHost(value, slot);
      return slot;
    });
    unread(() => {
      for (const leaf of leaves) {
        const { value } = leaf;
        if (value instanceof Variable) this.leafOf.set(value, leaf);
        if (leaf.hostCount === 0) continue;
        const state = stateIn(value);
        if (!state) continue;
        if (isHostValue(state.value)) this.slots.set(state, this.arguments[leaf.firstHost] as HostSlot);
        else this.lists.set(state, leaf);
        // Nobody sees who reads the leaf of a State in a module, or one that is written by hand.
        if (this.watches && isVariableState(value) && value === unwatched(value)) this.guard(leaf);
      }
    });
  }

  /** The step of a key or number in the arguments. */
  argumentSlot(index: number): HostSlot | undefined {
    return this.arguments[index];
  }

  /**
   * Runs `f` and records it.
   * @param structure - The attributes of the arguments.
   */
  record<R>(f: () => R, structure?: Structure): R {
    const outer = now;
    setNow(this);
    this.structure = structure;
    try {
      return this.recorder.record(() =>
        observeWrites(
          (variable, kind) => this.wrote(variable, kind),
          () => observeReads(this, f),
        ),
      );
    } finally {
      setNow(outer);
    }
  }

  /** The attributes that the arguments have now. */
  structureNow(): Structure {
    const { structure } = this;
    if (!structure) return new Structure([]);
    return structure.isSame() ? structure : structure.taken();
  }

  /**
   * Runs `f`, which undoes what it writes, and forgets what it did to Variables.
   * @param f - Gets the Variables that it writes to, but those that it makes.
   */
  trial<R>(f: (written: Set<Variable>) => R): R {
    for (const variable of [...this.written]) this.settle(variable);
    const { replaced, inTrial, bornInTrial } = this;
    const own: [leaf: object, slot: HostSlot | undefined][] = [];
    const written = new Set<Variable>();
    this.replaced = own;
    this.inTrial = written;
    this.bornInTrial = new Set();
    try {
      return f(written);
    } finally {
      this.replaced = replaced;
      this.inTrial = inTrial;
      this.bornInTrial = bornInTrial;
      this.putBack(own);
    }
  }

  /** Runs `f`. When it throws, which undoes what it wrote, forgets what it did to Variables. */
  attempt<R>(f: () => R): R {
    for (const variable of [...this.written]) this.settle(variable);
    const { replaced } = this;
    const own: [leaf: object, slot: HostSlot | undefined][] = [];
    this.replaced = own;
    try {
      const result = f();
      replaced?.push(...own);
      return result;
    } catch (error) {
      this.putBack(own);
      throw error;
    } finally {
      this.replaced = replaced;
    }
  }

  private putBack(replaced: [leaf: object, slot: HostSlot | undefined][]): void {
    for (const [leaf, slot] of replaced.reverse()) {
      if (slot === undefined) this.slots.delete(leaf);
      else this.slots.set(leaf, slot);
    }
    this.written.clear();
    this.expected.clear();
  }

  /**
   * Runs `f`, which undoes what it writes, without recording it. Its result may depend on the numbers
   * that it reads.
   */
  aside<R>(f: () => R): R {
    return this.trial(() => this.paused(f, (run) => run()));
  }

  /** Runs `f` without recording it. */
  paused<R>(f: () => R, reading: (run: () => R) => R = unread): R {
    const outer = now;
    const outerInterceptor = intercept(undefined);
    const outerRecorder = setRecorder(undefined);
    setNow(undefined);
    this.isPaused = true;
    try {
      return reading(f);
    } finally {
      this.isPaused = false;
      setNow(outer);
      setRecorder(outerRecorder);
      intercept(outerInterceptor);
    }
  }

  /** Where a Variable stands in the arguments, in words. */
  nameOf(variable: Variable): string {
    const { parent, part } = this.leafOf.get(variable) ?? {};
    return part === undefined ? variable.type.typeName : formatPath(pathOfLeaf({ parent, part }));
  }

  private setSlot(leaf: object, slot: HostSlot): void {
    this.replaced?.push([leaf, this.slots.get(leaf)]);
    this.slots.set(leaf, slot);
  }

  read(variable: Variable): void {
    this.refuseUnknown(variable);
    const leaf = this.leafOf.get(variable);
    if (leaf) this.guard(leaf);
    if (variable.isDisposed) return;
    this.settle(variable);
    this.readLeaf(unread(() => variable.toState()));
  }

  readLeaf(leaf: VariableState): void {
    const list = this.lists.get(leaf);
    if (list) this.guard(list);
    const slot = this.slots.get(leaf);
    // Keys are told apart by identity, whoever looks at them.
    if (slot !== undefined && !isHostObject(leaf.value)) this.guardStep(slot);
  }

  /** Lets the program hold for the present numbers that a step is computed from. */
  private guardStep(slot: HostSlot): void {
    const work = this.recorder.host[slot];
    if (work?.kind === "argument") this.guardArgument(work.index);
    else if (work?.kind === "compute") for (const input of work.inputs) this.guardStep(input);
    else if (work && work.kind !== "constant")
      for (const index of this.host.keys()) this.guardArgument(index);
  }

  taken(variable: Variable, leaf: VariableState): VariableState {
    if (this.watches && !isHostObject(leaf.value) && this.sourceOf(variable) !== undefined)
      return watchedLeaf(leaf);
    this.read(variable);
    return leaf;
  }

  /** Refuses a Variable that is not in the arguments, and that the run did not make. */
  private refuseUnknown(variable: Variable): void {
    if (!this.leafOf.has(variable) && !this.made.has(variable))
      this.recorder.refuse(() => this.unreached(variable));
  }

  /** Lets the program hold for the present numbers of a leaf alone. */
  private guard({ firstHost, hostCount }: RecordedLeaf): void {
    for (let i = firstHost; i < firstHost + hostCount; i++) this.guardArgument(i);
  }

  private guardArgument(index: number): void {
    const given = this.host[index];
    if (typeof given === "number" || typeof given === "boolean") this.guards.set(index, given);
  }

  kept(variable: Variable, isLeaf: boolean): void {
    this.refuseUnknown(variable);
    this.settle(variable);
    const state = unread(() => variable.toState());
    // Another Variable, or a State, may have the same leaf: what is written has one of its own.
    const { value } = state;
    if (!isLeaf && (isHostValue(value) || isNumberList(value)))
      variable.takeState(Object.freeze({ ...state }));
    this.noteWritten(variable);
    this.settle(variable);
  }

  private wrote(variable: Variable, kind: WriteKind): void {
    if (kind === "new") {
      this.made.add(variable);
      this.bornInTrial.add(variable);
      return;
    }
    if (this.isPaused) return;
    this.settle(variable);
    if (kind === "loan") {
      if (this.expected.has(variable)) this.written.add(variable);
      return;
    }
    this.refuseUnknown(variable);
    this.noteWritten(variable);
  }

  private noteWritten(variable: Variable): void {
    this.written.add(variable);
    // What a trial makes is gone after it.
    if (!this.bornInTrial.has(variable)) this.inTrial?.add(variable);
  }

  /** Finds out what was written: the observer is told before a write. */
  private settle(variable: Variable): void {
    if (!this.written.delete(variable) || variable.isDisposed) return;
    const state = unread(() => variable.toState());
    const { value } = state;
    const expected = this.expected.get(variable);
    this.expected.delete(variable);
    const told = expected && Object.is(expected[0], value) ? expected[1] : undefined;
    if (told !== undefined) this.setSlot(state, told);
    // A leaf never changes: one that was there before has the step that it had.
    // A list in the arguments has one as soon as somebody asks.
    else if ((isHostValue(value) || isNumberList(value)) && !this.slots.has(state) && !this.lists.has(state))
      this.setSlot(state, this.constantOf(value));
  }

  private constantOf(value: unknown): HostSlot {
    const known = typeof value === "object" && value !== null ? this.recorder.hostSlotOf(value) : undefined;
    return known ?? this.recorder.addHost({ kind: "constant", value });
  }

  /** The step that computes the number or key that a Variable has. */
  slotOf(variable: Variable): HostSlot {
    this.refuseUnknown(variable);
    const argument = this.leafOf.get(variable);
    this.settle(variable);
    const leaf = unread(() => variable.toState());
    const known = this.slots.get(leaf);
    if (known !== undefined) return known;
    // Nobody said where it comes from.
    if (argument) this.guard(argument);
    const slot = this.constantOf(leaf.value);
    this.setSlot(leaf, slot);
    return slot;
  }

  /**
   * The step that computes what a Variable has, which may be lists of numbers, too.
   * @returns nothing for values without steps, and for lists of which nobody knows where they come from.
   */
  sourceOf(variable: Variable): HostSlot | undefined {
    const state = unread(() => variable.toState());
    if (isHostValue(state.value)) return this.slotOf(variable);
    if (!isNumberList(state.value)) return undefined;
    this.refuseUnknown(variable);
    this.settle(variable);
    return this.sourceOfLeaf(state);
  }

  /** The step that computes the number, or the list of numbers, of a leaf; missing where nobody knows. */
  sourceOfLeaf(leaf: VariableState): HostSlot | undefined {
    const own = unwatched(leaf);
    return this.slots.get(own) ?? this.listStep(own);
  }

  private listStep(state: VariableState): HostSlot | undefined {
    const leaf = this.lists.get(state);
    const { value } = state;
    if (!leaf || !isNumberList(value)) return undefined;
    const { firstHost, hostCount } = leaf;
    const slot = this.recorder.addHost({
      kind: "compute",
      name: "list",
      inputs: this.arguments.slice(firstHost, firstHost + hostCount),
      compute: (...numbers) => withNumbers(value, numbers.values()),
    });
    this.setSlot(state, slot);
    return slot;
  }

  /** Says which step computes what is written to a Variable next. */
  expect(variable: Variable, value: unknown, slot: HostSlot): void {
    this.settle(variable);
    this.expected.set(variable, [value, slot]);
  }

  /** Nested containers with Variables, as a section takes them: steps in the place of numbers. */
  inputsOf(value: unknown): unknown {
    return mapVariables(value, (variable) => {
      const stored = unread(() => variable.value);
      return isHostValue(stored) ? new HostInput(this.slotOf(variable)) : stored;
    });
  }

  private unreached(variable: Variable): NnxError {
    const path = this.running();
    const at = path && path.length > 0 ? ` in ${formatPath(path)}` : "";
    return new NnxError(
      `${this.where}: expected a function that gets the modules it uses as arguments, got one that reaches a ` +
        `${variable.type.typeName} (${describe(unread(() => (variable.isDisposed ? undefined : variable.getRawValue())))})${at} ` +
        "without getting it. Pass its module as an argument.",
    );
  }
}

/** The leaf of a Variable, or of a State. */
function stateIn(value: unknown): VariableState | undefined {
  if (value instanceof Variable) return value.toState();
  return isVariableState(value) ? unwatched(value) : undefined;
}
