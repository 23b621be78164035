/** @file The recording that goes on: which Variables it may read, and where numbers come from. */
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
import type { VariableState } from "../variable/variable-state.ts";
import { unwatched, watchedLeaf } from "../variable/watched-leaf.ts";
import { pathOfLeaf } from "./arguments.ts";
import type { HostSlot } from "./host.ts";
import { isHostObject } from "./host-data.ts";
import type { ProgramRecorder } from "./recorder.ts";
import { reachesOther } from "./recorder-refusals.ts";
import { mapVariables } from "./map-variables.ts";
import { isHostValue, LeafSteps, type RecordedArguments, type RecordedLeaf } from "./leaf-steps.ts";
import { isNumberList } from "./number-list.ts";
import { HostInput } from "./section-inputs.ts";

let now: Recording | undefined;

/** The recording that goes on, if there is one. */
export const recordingNow = (): Recording | undefined => now;

const setNow = (next: Recording | undefined): void => {
  now = next;
};

/** Follows Variables while a run is recorded. */
export class Recording implements ReadObserver {
  readonly recorder: ProgramRecorder;
  private readonly where: string;
  /** Whether leaves that are taken of Variables tell who reads them. Else taking one counts as reading it. */
  private readonly watches: boolean;
  private readonly leafOf = new Map<Variable, RecordedLeaf>();
  private readonly made = new Set<Variable>();
  private readonly steps: LeafSteps;
  /** What is about to be written, and the step that computes it. */
  private readonly expected = new Map<Variable, readonly [value: unknown, slot: HostSlot]>();
  private readonly written = new Set<Variable>();
  /** The Variables that are written in the trial that goes on. */
  private inTrial: Set<Variable> | undefined;
  private bornInTrial = new Set<Variable>();
  private isPaused = false;
  private structure: Structure | undefined;
  private readonly running: () => Path | undefined;

  constructor(
    where: string,
    recorder: ProgramRecorder,
    given: RecordedArguments,
    running: () => Path | undefined,
  ) {
    this.where = where;
    this.watches = where === "jit";
    this.recorder = recorder;
    this.running = running;
    for (const leaf of given.leaves) if (leaf.value instanceof Variable) this.leafOf.set(leaf.value, leaf);
    this.steps = new LeafSteps(recorder, given, this.watches);
  }

  /** Numbers that the run read: the program holds for these values alone. */
  get guards(): ReadonlyMap<number, unknown> {
    return this.steps.guards;
  }

  /** The step of a key or number in the arguments. */
  argumentSlot(index: number): HostSlot | undefined {
    return this.steps.ofArgument(index);
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
    this.settleAll();
    const { inTrial, bornInTrial } = this;
    const written = new Set<Variable>();
    this.inTrial = written;
    this.bornInTrial = new Set();
    try {
      return this.steps.forgetting("always", () => f(written));
    } finally {
      this.inTrial = inTrial;
      this.bornInTrial = bornInTrial;
      this.forgetWrites();
    }
  }

  /** Runs `f`. When it throws, which undoes what it wrote, forgets what it did to Variables. */
  attempt<R>(f: () => R): R {
    this.settleAll();
    try {
      return this.steps.forgetting("after an error", f);
    } catch (error) {
      this.forgetWrites();
      throw error;
    }
  }

  private settleAll(): void {
    for (const variable of [...this.written]) this.settle(variable);
  }

  private forgetWrites(): void {
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

  read(variable: Variable): void {
    this.refuseUnknown(variable);
    const leaf = this.leafOf.get(variable);
    if (leaf) this.steps.guard(leaf);
    if (variable.isDisposed) return;
    this.settle(variable);
    this.readLeaf(unread(() => variable.toState()));
  }

  readLeaf(leaf: VariableState): void {
    this.steps.guardLeaf(leaf);
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
      this.recorder.refuse(() => reachesOther(this.where, this.running(), variable));
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
    if (told !== undefined) this.steps.set(state, told);
    // A leaf never changes: one that was there before has the step that it had.
    else if ((isHostValue(value) || isNumberList(value)) && !this.steps.knows(state))
      this.steps.setConstant(state);
  }

  /** The step that computes the number or key that a Variable has. */
  slotOf(variable: Variable): HostSlot {
    this.refuseUnknown(variable);
    const argument = this.leafOf.get(variable);
    this.settle(variable);
    const leaf = unread(() => variable.toState());
    const known = this.steps.get(leaf);
    if (known !== undefined) return known;
    // Nobody said where it comes from.
    if (argument) this.steps.guard(argument);
    return this.steps.setConstant(leaf);
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
    return this.steps.of(unwatched(leaf));
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
}
