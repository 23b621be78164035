/** @file The nodes of a recording, made of what the run asked for. */
import { describe, type NnxError } from "../errors.ts";
import type { Path } from "../path.ts";
import { isTensor, type Tensor } from "../tensor.ts";
import { type Call, isCopyIn } from "./calls.ts";
import type { HostSlot, HostWork } from "./host.ts";
import type { Block, Constant, ProgramNode, Slot, ValueInfo, Work } from "./program.ts";
import { RecordedHost } from "./recorded-host.ts";
import { RecordedValues } from "./recorded-values.ts";
import type { SectionEvent } from "./rehearsal.ts";
import { Section } from "./section.ts";
import { partsOf, type SectionRun } from "./section-parts.ts";

/** What a recorder is told of the run that it records. */
export interface RecorderOptions {
  /** What error messages call the run. */
  readonly where: string;
  /** The tensors in the arguments. */
  readonly tensors: readonly Tensor[];
  /** The module whose method is running. */
  readonly running: () => Path | undefined;
  /**
   * Is told of what cannot be replayed: the run goes on, and nothing more is recorded. Without it
   * an error is thrown.
   */
  readonly refused?: () => void;
}

/** What one run computes. */
export abstract class RecordedNodes {
  /** What is being recorded now: the program, or a block of it. */
  nodes: ProgramNode[] = [];
  /** The steps of the host before the nodes; after a node with blocks, those that follow it. */
  steps: HostSlot[] = [];
  readonly firstSteps: readonly HostSlot[] = this.steps;
  renewals = 0;

  protected readonly options: RecorderOptions;
  protected readonly tensors: RecordedValues;
  protected readonly hosts: RecordedHost = new RecordedHost();
  /** What the section that is running asked for. */
  protected section: SectionEvent[] | undefined;

  constructor(options: RecorderOptions) {
    this.options = options;
    this.tensors = new RecordedValues(options.where, options.tensors, (error) => this.refuse(error));
  }

  /**
   * Says that the run cannot be replayed.
   * @param error - Makes the error, which takes time.
   */
  abstract refuse(error: () => NnxError): void;

  /** The contents of an object such as a key are about to be read. */
  abstract opened(object: object, what?: string): void;

  /** The values that the run did not make or get. */
  get constants(): readonly Constant[] {
    return this.tensors.constants;
  }

  /** Variables of tensorflow.js among the constants, with the data that they had. */
  get assigned(): RecordedValues["assigned"] {
    return this.tensors.assigned;
  }

  get infos(): readonly ValueInfo[] {
    return this.tensors.infos;
  }

  get host(): readonly HostWork[] {
    return this.hosts.works;
  }

  /** Whether a tensor depends on the arguments or on keys. */
  changes(tensor: Tensor): boolean {
    return this.tensors.changes(tensor.dataId);
  }

  /** Whether data depend on the arguments or on keys. */
  changesData(dataId: object): boolean {
    return this.tensors.changes(dataId);
  }

  /**
   * Records what `f` asks for as a block.
   * @param f - Returns what the block gives.
   */
  block(f: () => Pick<Block, "outputs" | "host">): Block {
    const { nodes, steps } = this;
    const [own, ownSteps]: [ProgramNode[], HostSlot[]] = [[], []];
    Object.assign(this, { nodes: own, steps: ownSteps });
    try {
      return { nodes: own, steps: ownSteps, ...this.tensors.block(f) };
    } finally {
      Object.assign(this, { nodes, steps });
    }
  }

  /** Adds a value that a block gets. */
  addParameter(tensor: Tensor): Slot {
    return this.tensors.addParameter(tensor);
  }

  /** Lets a tensor that another recording saw stand for one of this, or be a constant. */
  adopt(tensor: Tensor, of: Tensor | undefined): void {
    this.tensors.adopt(tensor, of);
  }

  /** Adds a node that runs blocks, or that ends them. */
  addControl(work: Work, inputs: readonly Slot[], outputs: readonly (Tensor | ValueInfo)[] = []): void {
    const to = outputs.map((each) => (isTensor(each) ? this.addParameter(each) : this.tensors.newSlot(each)));
    this.nodes.push({ work, inputs, outputs: to, path: this.options.running() });
    if ("after" in work) this.steps = work.after;
  }

  /** The value of a tensor; of one that the run did not make or get, a new constant. */
  slotOf(tensor: Tensor): Slot {
    return this.tensors.slotOf(tensor);
  }

  /** Adds a step of the host's part. */
  addHost(work: HostWork): HostSlot {
    const slot = this.hosts.add(work);
    this.steps.push(slot);
    return slot;
  }

  /** Notes that an object such as a key is the result of a step. */
  noteHost(object: object, slot: HostSlot): void {
    this.hosts.note(object, slot);
  }

  /** The step whose result an object is. */
  hostSlotOf(object: object): HostSlot | undefined {
    return this.hosts.slotOf(object);
  }

  /**
   * Runs host code that each replay runs again.
   * @param inputs - Its arguments, with values of the host as `HostInput`s.
   * @param run - Gets the arguments with values.
   * @param values - The arguments with the values of now.
   * @param targets - See {@link partsOf}.
   */
  runSection<R>(
    inputs: unknown,
    values: unknown,
    run: (inputs: unknown) => R,
    targets?: unknown,
  ): SectionRun<R> {
    const events: SectionEvent[] = [];
    this.section = events;
    let result: R;
    try {
      result = run(values);
    } finally {
      this.section = undefined;
    }
    const parts = partsOf(result, targets);
    const section = new Section({
      inputs,
      run,
      events,
      resultSlots: parts.tensors.map((tensor) => this.slotOf(tensor)),
      hostCount: parts.host.length,
      slotOf: (tensor) => this.tensors.knownSlot(tensor),
      infoOf: (slot) => this.infos[slot] as ValueInfo,
    });
    this.addHost({ kind: "section", section });
    const slots = parts.host.map((_, i) => this.addHost({ kind: "of section", result: i }));
    return { result, slots, host: parts.host, targets: parts.targets };
  }

  /** Notes that a tensor has numbers of the host. */
  addHostTensor(tensor: Tensor, host: HostSlot): void {
    this.addNode({ kind: "host", host }, [], [tensor]);
  }

  /**
   * Adds the nodes of a call that the run itself made.
   * @returns the values that it gives, where host code or the library asked for it.
   */
  protected settle(call: Call): readonly Slot[] {
    if (call.kind === "other") return this.addNode(call.work, call.inputs, call.outputs, call.path);
    const { name, names, inputs, attrs, path, children, outputs } = call;
    this.refuseKeysIn(name, attrs);
    const inSection = this.section;
    if (!children && !inSection) {
      const work = { kind: "kernel", name, names, attrs, needsEngine: false, renewal: undefined } as const;
      return this.addNode(work, inputs, outputs, path);
    }
    const all = children ?? [];
    const parts = all.filter((child) => !isCopyIn(call, child));
    const isComposed =
      parts.length > 0 &&
      outputs.every(({ id }) => parts.some((part) => part.outputs.some((output) => output.id === id)));
    const event = inSection && {
      name,
      inputs: (call.all ?? inputs).map((tensor) => (tensor ? this.slotOf(tensor) : undefined)),
      isList: call.isList,
    };
    let renewal: number | undefined;
    // Parts may compute with copies of inputs, so copies keep their place among them.
    if (isComposed) for (const child of all) this.settleApart(child);
    else {
      renewal = event ? this.renewals++ : undefined;
      const work = { kind: "kernel", name, names, attrs, needsEngine: parts.length > 0, renewal } as const;
      this.addNode(work, inputs, outputs, path);
    }
    if (!isComposed && parts.length < all.length)
      for (const child of all) if (!parts.includes(child)) this.settleApart(child);
    if (!event) return [];
    const slots = outputs.map((tensor) => this.slotOf(tensor));
    inSection.push({ kind: "kernel", ...event, outputs: slots, renewal, attrs });
    return slots;
  }

  /** A kernel that got a key would draw the same each time. */
  private refuseKeysIn(name: string, attrs: object): void {
    for (const key in attrs) {
      const value: unknown = (attrs as Readonly<Record<string, unknown>>)[key];
      if (typeof value === "object" && value !== null && this.hosts.slotOf(value) !== undefined)
        this.opened(value, `passes ${describe(value)} to the kernel ${name}`);
    }
  }

  /** A call inside a kernel: host code that runs again does not see it. */
  private settleApart(call: Call): void {
    const { section } = this;
    this.section = undefined;
    this.settle(call);
    this.section = section;
  }

  protected addNode(
    work: Work,
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
    path: Path | undefined = this.options.running(),
  ): readonly Slot[] {
    const { tensors } = this;
    let changes =
      (work.kind !== "kernel" && work.kind !== "call" && (work.kind !== "loop" || work.from !== undefined)) ||
      ("renewal" in work && work.renewal !== undefined);
    const from = new Array<Slot>(inputs.length);
    for (let i = 0; i < from.length; i++) {
      const tensor = inputs[i] as Tensor;
      from[i] = this.slotOf(tensor);
      changes ||= tensors.changes(tensor.dataId);
    }
    const to = new Array<Slot>(outputs.length);
    for (let i = 0; i < to.length; i++) to[i] = tensors.addResult(outputs[i] as Tensor, changes);
    this.nodes.push({ work, inputs: from, outputs: to, path });
    return to;
  }
}
