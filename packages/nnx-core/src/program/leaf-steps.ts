/** @file Which steps of the host compute the numbers and keys in leaves, and which numbers a program holds for. */
import { unread } from "../variable/observer.ts";
import { Variable } from "../variable/variable.ts";
import { isVariableState, type VariableState } from "../variable/variable-state.ts";
import { unwatched } from "../variable/watched-leaf.ts";
import type { ArgumentLeaf } from "./arguments.ts";
import type { HostSlot } from "./host.ts";
import { isHostObject } from "./host-data.ts";
import { isNumberList, withNumbers } from "./number-list.ts";
import type { ProgramRecorder } from "./recorder.ts";

/** Values that the host computes: numbers and objects such as keys. */
export const isHostValue = (x: unknown): boolean => typeof x === "number" || isHostObject(x);

/** What a recording needs of the arguments: the leaves, and the keys and numbers. */
export interface RecordedArguments {
  readonly leaves: readonly (Pick<ArgumentLeaf, "value" | "firstHost" | "hostCount"> &
    Partial<Pick<ArgumentLeaf, "parent" | "part">>)[];
  readonly host: readonly unknown[];
}

/** One leaf of the arguments. */
export type RecordedLeaf = RecordedArguments["leaves"][number];

/** The steps of what Variables have and had. Each write makes a leaf of its own, so a leaf keeps its step. */
export class LeafSteps {
  /** Numbers that the run read, by their place among those of the arguments. */
  readonly guards: Map<number, unknown> = new Map();
  private readonly recorder: ProgramRecorder;
  private readonly steps = new WeakMap<object, HostSlot>();
  /**
   * Leaves of the arguments that have more than one number. Lists of numbers become steps when they are
   * asked for.
   */
  private readonly lists = new WeakMap<object, RecordedLeaf>();
  /** The steps that were replaced since something began that may be undone. */
  private replaced: [leaf: object, step: HostSlot | undefined][] | undefined;
  private readonly host: readonly unknown[];
  private readonly arguments: readonly HostSlot[];

  /** @param watches - Whether leaves that are taken of Variables tell who reads them. */
  constructor(recorder: ProgramRecorder, { leaves, host }: RecordedArguments, watches: boolean) {
    this.recorder = recorder;
    this.host = host;
    this.arguments = host.map((value, index) => {
      const step = recorder.addHost({ kind: "argument", index });
      if (typeof value === "object" && value !== null) recorder.noteHost(value, step);
      return step;
    });
    unread(() => {
      for (const leaf of leaves) {
        const { value } = leaf;
        if (leaf.hostCount === 0) continue;
        const state = stateIn(value);
        if (!state) continue;
        if (isHostValue(state.value)) this.steps.set(state, this.arguments[leaf.firstHost] as HostSlot);
        else this.lists.set(state, leaf);
        // Nobody sees who reads the leaf of a State in a module, or one that is written by hand.
        if (watches && isVariableState(value) && value === unwatched(value)) this.guard(leaf);
      }
    });
  }

  /** The step of a key or number in the arguments. */
  ofArgument(index: number): HostSlot | undefined {
    return this.arguments[index];
  }

  /** The step of a leaf, where it has one already. */
  get(leaf: VariableState): HostSlot | undefined {
    return this.steps.get(leaf);
  }

  /** Whether a leaf has a step, or is a list of the arguments, which has one as soon as somebody asks. */
  knows(leaf: VariableState): boolean {
    return this.steps.has(leaf) || this.lists.has(leaf);
  }

  /** The step that computes the number, or the list of numbers, of a leaf; missing where nobody knows. */
  of(leaf: VariableState): HostSlot | undefined {
    return this.steps.get(leaf) ?? this.ofList(leaf);
  }

  private ofList(leaf: VariableState): HostSlot | undefined {
    const given = this.lists.get(leaf);
    const { value } = leaf;
    if (!given || !isNumberList(value)) return undefined;
    const { firstHost, hostCount } = given;
    const step = this.recorder.addHost({
      kind: "compute",
      name: "list",
      inputs: this.arguments.slice(firstHost, firstHost + hostCount),
      compute: (...numbers) => withNumbers(value, numbers.values()),
    });
    this.set(leaf, step);
    return step;
  }

  set(leaf: VariableState, step: HostSlot): void {
    this.replaced?.push([leaf, this.steps.get(leaf)]);
    this.steps.set(leaf, step);
  }

  /** Gives a leaf the step of its value, or makes the value a constant. */
  setConstant(leaf: VariableState): HostSlot {
    const { value } = leaf;
    const known = typeof value === "object" && value !== null ? this.recorder.hostSlotOf(value) : undefined;
    const step = known ?? this.recorder.addHost({ kind: "constant", value });
    this.set(leaf, step);
    return step;
  }

  /** Runs `f`, and forgets the steps that it set. */
  forgetting<R>(when: "always" | "after an error", f: () => R): R {
    const { replaced } = this;
    const own: [leaf: object, step: HostSlot | undefined][] = [];
    this.replaced = own;
    let isKept = false;
    try {
      const result = f();
      isKept = when !== "always";
      return result;
    } finally {
      this.replaced = replaced;
      if (isKept) replaced?.push(...own);
      else this.putBack(own);
    }
  }

  private putBack(replaced: [leaf: object, step: HostSlot | undefined][]): void {
    for (const [leaf, step] of replaced.reverse()) {
      if (step === undefined) this.steps.delete(leaf);
      else this.steps.set(leaf, step);
    }
  }

  /** Lets the program hold for the present numbers of a leaf of the arguments alone. */
  guard({ firstHost, hostCount }: RecordedLeaf): void {
    for (let i = firstHost; i < firstHost + hostCount; i++) this.guardArgument(i);
  }

  /** Lets the program hold for the present numbers that a leaf is computed from. */
  guardLeaf(leaf: VariableState): void {
    const list = this.lists.get(leaf);
    if (list) this.guard(list);
    const step = this.steps.get(leaf);
    // Keys are told apart by identity, whoever looks at them.
    if (step !== undefined && !isHostObject(leaf.value)) this.guardStep(step);
  }

  private guardStep(step: HostSlot): void {
    const work = this.recorder.host[step];
    if (work?.kind === "argument") this.guardArgument(work.index);
    else if (work?.kind === "compute") for (const input of work.inputs) this.guardStep(input);
    else if (work && work.kind !== "constant")
      for (const index of this.host.keys()) this.guardArgument(index);
  }

  private guardArgument(index: number): void {
    const given = this.host[index];
    if (typeof given === "number" || typeof given === "boolean") this.guards.set(index, given);
  }
}

/** The leaf of a Variable, or of a State. */
function stateIn(value: unknown): VariableState | undefined {
  if (value instanceof Variable) return value.toState();
  return isVariableState(value) ? unwatched(value) : undefined;
}
