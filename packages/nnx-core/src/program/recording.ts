/** @file The recording that goes on: which Variables it may read, and where numbers come from. */
import { describe, NnxError } from "../errors.ts";
import { formatPath, type Path } from "../path.ts";
import { isTensor, type Tensor } from "../tensor.ts";
import { observeReads, observeWrites, unread, type WriteKind } from "../variable/observer.ts";
import { Variable } from "../variable/variable.ts";
import { type ArgumentLeaf, type Arguments, storedValue } from "./arguments.ts";
import type { HostSlot } from "./host.ts";
import { isHostObject } from "./host-data.ts";
import type { ProgramRecorder } from "./recorder.ts";
import { HostInput } from "./section.ts";
import { isContainer, mapItems } from "../data/containers.ts";

/** Values that the host computes: numbers and objects such as keys. */
const isHostValue = (x: unknown): boolean => typeof x === "number" || isHostObject(x);

let now: Recording | undefined;

/** The recording that goes on, if there is one. */
export const recordingNow = (): Recording | undefined => now;

/** Follows Variables while a run is recorded. */
export class Recording {
  readonly recorder: ProgramRecorder;
  private readonly where: string;
  private readonly leafOf = new Map<Variable, ArgumentLeaf>();
  private readonly made = new Set<Variable>();
  /** For each Variable with a number or key: the steps that compute the values that it has had. */
  private readonly histories = new Map<Variable, Map<unknown, HostSlot>>();
  /** What is about to be written, and the step that computes it. */
  private readonly expected = new Map<Variable, readonly [value: unknown, slot: HostSlot]>();
  private readonly written = new Set<Variable>();
  /** Numbers that the run read: the program holds for these values alone. */
  readonly guards: Map<number, unknown> = new Map();
  private readonly running: () => Path | undefined;
  private readonly host: readonly unknown[];

  constructor(
    where: string,
    recorder: ProgramRecorder,
    { leaves, host }: Arguments,
    running: () => Path | undefined,
  ) {
    this.where = where;
    this.recorder = recorder;
    this.running = running;
    this.host = host;
    const slots = host.map((value, index) => {
      const slot = recorder.addHost({ kind: "argument", index });
      if (typeof value === "object" && value !== null) recorder.noteHost(value, slot);
      return slot;
    });
    for (const leaf of leaves) {
      const { value: variable } = leaf;
      if (!(variable instanceof Variable)) continue;
      this.leafOf.set(variable, leaf);
      const value = storedValue(variable);
      if (isHostValue(value))
        this.histories.set(variable, new Map([[value, slots[leaf.firstHost] as HostSlot]]));
    }
  }

  /** Runs `f` and records it. */
  record<R>(f: () => R): R {
    const outer = now;
    now = this;
    try {
      return this.recorder.record(() =>
        observeWrites(
          (variable, kind) => this.wrote(variable, kind),
          () => observeReads((variable) => this.read(variable), f),
        ),
      );
    } finally {
      now = outer;
    }
  }

  private read(variable: Variable): void {
    const leaf = this.leafOf.get(variable);
    if (!leaf) {
      if (!this.made.has(variable)) throw this.unreached(variable);
      return;
    }
    // What it wrote itself follows from the numbers that it got.
    for (let i = leaf.firstHost; i < leaf.firstHost + leaf.hostCount; i++) {
      const given = this.host[i];
      if (typeof given === "number") this.guards.set(i, given);
    }
  }

  private wrote(variable: Variable, kind: WriteKind): void {
    if (kind === "new") {
      this.made.add(variable);
      return;
    }
    this.settle(variable);
    if (kind === "loan") return;
    if (!this.leafOf.has(variable) && !this.made.has(variable)) throw this.unreached(variable);
    this.written.add(variable);
  }

  /** Finds out what was written: the observer is told before a write. */
  private settle(variable: Variable): void {
    if (!this.written.delete(variable) || variable.isDisposed) return;
    const value = unread(() => variable.getRawValue());
    const expected = this.expected.get(variable);
    this.expected.delete(variable);
    if (expected && Object.is(expected[0], value)) {
      const history = this.histories.get(variable) ?? new Map<unknown, HostSlot>();
      this.histories.set(variable, history.set(value, expected[1]));
      return;
    }
    if (!isHostValue(value)) this.histories.delete(variable);
    else this.histories.set(variable, new Map([[value, this.constantOf(value)]]));
  }

  private constantOf(value: unknown): HostSlot {
    const known = typeof value === "object" && value !== null ? this.recorder.hostSlotOf(value) : undefined;
    return known ?? this.recorder.addHost({ kind: "constant", value });
  }

  /** The step that computes the number or key that a Variable has. */
  slotOf(variable: Variable): HostSlot {
    if (!this.leafOf.has(variable) && !this.made.has(variable)) throw this.unreached(variable);
    this.settle(variable);
    const value = unread(() => variable.getRawValue());
    const history = this.histories.get(variable) ?? new Map<unknown, HostSlot>();
    const known = history.get(value);
    if (known !== undefined) return known;
    const slot = this.constantOf(value);
    this.histories.set(variable, history.set(value, slot));
    return slot;
  }

  /** Says which step computes what is written to a Variable next. */
  expect(variable: Variable, value: unknown, slot: HostSlot): void {
    this.settle(variable);
    // Writing the same value again is no write.
    if (
      Object.is(
        unread(() => variable.getRawValue()),
        value,
      )
    ) {
      const history = this.histories.get(variable) ?? new Map<unknown, HostSlot>();
      this.histories.set(variable, history.set(value, slot));
    } else this.expected.set(variable, [value, slot]);
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

/** The containers with what `replace` gives in the place of Variables. */
export function mapVariables(value: unknown, replace: (variable: Variable) => unknown): unknown {
  if (value instanceof Variable) return replace(value);
  return typeof value === "object" && value !== null && !isTensor(value as Tensor) && isContainer(value)
    ? mapItems(value, (item) => mapVariables(item, replace))
    : value;
}
