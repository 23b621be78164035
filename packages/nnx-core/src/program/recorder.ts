/** @file Records a run: what it asks the engine for, and what comes to tensors in other ways. */
import { describe, NnxError } from "../errors.ts";
import type { Path } from "../path.ts";
import {
  type ComputeCall,
  type FillCall,
  type FuseCall,
  type Interceptor,
  intercept,
  isTensor,
  nextTensorId,
  type KernelInputs,
  type Recorder,
  setRecorder,
  type Tensor,
} from "../tensor.ts";
import { shareForGood } from "./constants.ts";
import type { HostSlot, HostWork } from "./host.ts";
import type { Block, Constant, FromHost, ProgramNode, Slot, ValueInfo, Work } from "./program.ts";
import { watchHostObject } from "./host-data.ts";
import { partsOf, Section, type SectionEvent } from "./section.ts";

/** A kernel that the run asked for, with those that its own code asked for. */
interface KernelCall {
  readonly kind: "kernel";
  readonly name: string;
  readonly inputs: KernelInputs;
  readonly attrs: object;
  readonly path: Path | undefined;
  readonly children: Call[];
  outputs: readonly Tensor[];
  isList: boolean;
}

/** A tensor that the library's own code made or computed. */
interface OtherCall {
  readonly kind: "other";
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly work: Work;
  readonly path: Path | undefined;
}

type Call = KernelCall | OtherCall;

/** What a recorder is told of the run that it records. */
export interface RecorderOptions {
  /** What error messages call the run. */
  readonly where: string;
  /** The tensors in the arguments. */
  readonly tensors: readonly Tensor[];
  /** The module whose method is running. */
  readonly running: () => Path | undefined;
  /**
   * Gets the error for what cannot be replayed: the run goes on, and nothing more is recorded.
   * Without it the error is thrown.
   */
  readonly refused?: (error: NnxError) => void;
}

/** Ops may change the object with the inputs later. */
const copyOf = (inputs: KernelInputs): KernelInputs =>
  Array.isArray(inputs)
    ? [...(inputs as readonly Tensor[])]
    : { ...(inputs as Readonly<Record<string, Tensor | null | undefined>>) };

/** Whether a call copies an input or output of the kernel around it, which a gradient needs. */
function isCopyIn(
  { outputs }: KernelCall,
  inputs: readonly (Tensor | null | undefined)[],
  child: Call,
): boolean {
  if (child.kind !== "kernel" || child.name !== "Identity") return false;
  const id = (child.inputs as { x?: Tensor }).x?.id;
  return inputs.some((tensor) => tensor?.id === id) || outputs.some((tensor) => tensor.id === id);
}

/** Values of constants with more elements are not compared. */
const fewValues = 64;

/** Records one run. */
export class ProgramRecorder implements Interceptor, Recorder {
  /** What is being recorded now: the program, or a block of it. */
  nodes: ProgramNode[] = [];
  /** The steps of the host before the nodes; after a node with blocks, those that follow it. */
  steps: HostSlot[] = [];
  readonly firstSteps: readonly HostSlot[] = this.steps;
  readonly constants: Constant[] = [];
  readonly infos: ValueInfo[] = [];
  readonly host: HostWork[] = [];
  renewals = 0;

  private readonly options: RecorderOptions;
  /** The number of the first tensor of the run, and of those that have values of the host. */
  private readonly firstId = nextTensorId();
  private readonly born = new Set<number>();
  /** The values of tensors, by the tensors' numbers. */
  private readonly slots = new Map<number, Slot>();
  /** Data that depend on the arguments or on keys. */
  private readonly changing = new WeakSet<object>();
  private readonly known = new Map<number, readonly number[]>();
  private readonly notes = new Map<number, string>();
  private readonly hostOf = new WeakMap<object, HostSlot>();
  /** What the code of the kernel that is running made: it may free it before the kernel ends. */
  private made: Tensor[] = [];
  private open: KernelCall | undefined;
  /** What the section that is running asked for. */
  private section: SectionEvent[] | undefined;
  /** The numbers of the tensors of the block that is recorded, and of those of blocks before. */
  private inBlock: number[] | undefined;
  private readonly ended = new Set<number>();
  /** In the library's own loops, nothing is recorded; nor after something was refused. */
  private isInside = false;
  /** Each ends the watch of an object, when the run ends. */
  private readonly watches: (() => void)[] = [];
  private isStopped = false;

  constructor(options: RecorderOptions) {
    this.options = options;
    for (const tensor of options.tensors) {
      const slot = this.newSlot(tensor);
      if (!this.slots.has(tensor.id)) this.slots.set(tensor.id, slot);
      this.changing.add(tensor.dataId);
    }
  }

  /** Says that the run cannot be replayed. */
  refuse(error: NnxError): void {
    const { refused } = this.options;
    if (!refused) throw error;
    this.isInside = true;
    this.isStopped = true;
    refused(error);
  }

  /** Runs `f` and records it. */
  record<R>(f: () => R): R {
    const interceptor = intercept(this);
    const recorder = setRecorder(this);
    try {
      return f();
    } finally {
      intercept(interceptor);
      setRecorder(recorder);
      for (const end of this.watches.splice(0)) end();
    }
  }

  /** Whether a tensor depends on the arguments or on keys. */
  changes(tensor: Tensor): boolean {
    return this.changing.has(tensor.dataId);
  }

  /** Whether blocks can be recorded now: inside of kernels and host code they cannot. */
  get canBranch(): boolean {
    return !this.open && !this.section && !this.isInside;
  }

  /**
   * Records what `f` asks for as a block.
   * @param f - Returns what the block gives.
   */
  block(f: () => Pick<Block, "outputs" | "host">): Block {
    const { nodes, steps, inBlock } = this;
    const [own, ownSteps, made]: [ProgramNode[], HostSlot[], number[]] = [[], [], []];
    Object.assign(this, { nodes: own, steps: ownSteps, inBlock: made });
    try {
      return { nodes: own, steps: ownSteps, ...f() };
    } finally {
      Object.assign(this, { nodes, steps, inBlock });
      for (const id of made) this.ended.add(id);
    }
  }

  /** Adds a value that a block gets. */
  addParameter(tensor: Tensor): Slot {
    const slot = this.newSlot(tensor);
    this.setSlot(tensor, slot);
    this.changing.add(tensor.dataId);
    return slot;
  }

  /** Adds a node that runs blocks, or that ends them. */
  addControl(work: Work, inputs: readonly Slot[], outputs: readonly (Tensor | ValueInfo)[] = []): void {
    const to = outputs.map((each) => (isTensor(each) ? this.addParameter(each) : this.newSlot(each)));
    this.nodes.push({ work, inputs, outputs: to, path: this.options.running() });
    if ("after" in work) this.steps = work.after;
  }

  private setSlot({ id }: Tensor, slot: Slot): void {
    this.slots.set(id, slot);
    this.inBlock?.push(id);
  }

  /** Frees the constants. */
  dispose(): void {
    for (const { tensor } of this.constants) tensor.dispose();
    for (const tensor of this.made) tensor.dispose();
  }

  private newSlot({ shape, dtype }: ValueInfo): Slot {
    this.infos.push({ shape: [...shape], dtype });
    return this.infos.length - 1;
  }

  /** The value of a tensor; of one that the run did not make or get, a new constant. */
  slotOf(tensor: Tensor): Slot {
    const known = this.slots.get(tensor.id);
    if (known !== undefined && !this.ended.has(tensor.id)) return known;
    if (known !== undefined) {
      throw new NnxError(
        `${this.options.where}: expected a function that uses what branches and loops return, got one that keeps ${describe(tensor)} of a branch ` +
          "or of one turn of a loop. Another run may not make it: return it.",
      );
    }
    if (tensor.id >= this.firstId && !this.born.has(tensor.id)) {
      this.refuse(
        new NnxError(
          `${this.options.where}: expected a function that computes with ops, got one that makes ${describe(tensor)} past the engine. ` +
            "A replay could not make it again: use ops of tensorflow.js or of this library.",
        ),
      );
    }
    const slot = this.newSlot(tensor);
    this.slots.set(tensor.id, slot);
    this.constants.push({
      slot,
      tensor: shareForGood(tensor),
      values: this.known.get(tensor.id),
      note: this.notes.get(tensor.id),
    });
    return slot;
  }

  /** The value of a tensor, if the run made or got it. */
  knownSlot(tensor: Tensor): Slot | undefined {
    return this.slots.get(tensor.id);
  }

  // What the engine is asked for.

  kernel(name: string, inputs: KernelInputs, attrs: object | undefined, run: () => unknown): unknown {
    if (this.isInside) return run();
    const { open } = this;
    const call: KernelCall = {
      kind: "kernel",
      name,
      inputs: copyOf(inputs),
      attrs: { ...attrs },
      path: this.options.running(),
      children: [],
      outputs: [],
      isList: false,
    };
    this.open = call;
    let result: unknown;
    try {
      result = run();
    } finally {
      this.open = open;
    }
    call.isList = Array.isArray(result);
    call.outputs = (call.isList ? result : [result]) as Tensor[];
    this.add(call);
    return result;
  }

  values(values: unknown, _shape: readonly number[], dtype: string, make: () => Tensor): Tensor {
    const tensor = make();
    if (this.isInside) return tensor;
    this.born.add(tensor.id);
    const isNumeric = dtype === "float32" || dtype === "int32" || dtype === "bool";
    if (this.section && !this.open && isNumeric) {
      const renewal = this.renewals++;
      const slot = this.addNode({ kind: "values", renewal }, [], [tensor])[0] as Slot;
      this.section.push({ kind: "values", outputs: [slot], renewal });
    } else if (isNumeric && tensor.size <= fewValues && ArrayBuffer.isView(values)) {
      this.known.set(tensor.id, Array.from(values as Float32Array));
    }
    if (this.open) this.made.push(shareForGood(tensor));
    return tensor;
  }

  read(dataId: object): void {
    if (this.isInside || !this.changing.has(dataId)) return;
    const path = this.options.running();
    this.refuse(
      new NnxError(
        `${this.options.where}: expected a function that only computes with tensors, got one that reads the values of ` +
          `a tensor${path && path.length > 0 ? ` in ${path.join(".")}` : ""} (dataSync, data, print or an op that does). A replay would not see ` +
          "other values: return the tensor and read it after the call, or compute with tf.where.",
      ),
    );
  }

  // What the library makes itself.

  fuse(call: FuseCall, run: () => Tensor[] | undefined): Tensor[] | undefined {
    if (this.isInside) return run();
    const outputs = this.inside(run);
    const { section, open } = this;
    const renewal = section && !open ? this.renewals++ : undefined;
    let slots: readonly Slot[] | undefined;
    if (outputs) {
      const { inputs, shapes, loop, kernel, made } = call;
      const from = renewal === undefined ? this.fromHost(made) : undefined;
      slots = this.add({
        kind: "other",
        work: { kind: "loop", shapes, loop, kernel, from, renewal },
        inputs: [...inputs],
        outputs,
        path: this.options.running(),
      });
    }
    if (section && renewal !== undefined)
      section.push({
        kind: "loop",
        inputs: call.inputs.map((input) => this.slotOf(input)),
        shapes: call.shapes,
        outputs: slots,
        renewal,
      });
    return outputs;
  }

  compute(call: ComputeCall, run: () => Tensor | undefined): Tensor | undefined {
    if (this.isInside) return run();
    const output = this.inside(run);
    const { section, open } = this;
    const renewal = section && !open ? this.renewals++ : undefined;
    const slots =
      output &&
      this.add({
        kind: "other",
        work: { kind: "call", run: call.run, batch: call.batch, renewal },
        inputs: [...call.inputs],
        outputs: [output],
        path: this.options.running(),
      });
    if (section && renewal !== undefined)
      section.push({
        kind: "call",
        inputs: call.inputs.map((input) => this.slotOf(input)),
        outputs: slots,
        renewal,
      });
    return output;
  }

  fill(call: FillCall, run: () => Tensor): Tensor {
    if (this.isInside) return run();
    const tensor = this.inside(run);
    const { section, open } = this;
    const renewal = section && !open ? this.renewals++ : undefined;
    const from = renewal === undefined ? this.fromHost(call.made) : undefined;
    // What depends on nothing is a constant.
    if (!from && renewal === undefined) {
      this.born.add(tensor.id);
      if (open) this.made.push(shareForGood(tensor));
      if (call.made) this.notes.set(tensor.id, "drawn with a key that no argument has");
      return tensor;
    }
    const slots = this.add({
      kind: "other",
      work: { kind: "fill", fill: call.fill, from, renewal },
      inputs: [],
      outputs: [tensor],
      path: this.options.running(),
    });
    if (section && renewal !== undefined) section.push({ kind: "fill", outputs: slots, renewal });
    return tensor;
  }

  private fromHost<F>(
    made: { readonly from: object; readonly make: (from: object) => F } | undefined,
  ): FromHost<F> | undefined {
    const host = made && this.hostOf.get(made.from);
    return made && host !== undefined ? { host, make: made.make } : undefined;
  }

  /** Runs what the recording is not to see. */
  unrecorded<R>(run: () => R): R {
    return this.inside(run);
  }

  private inside<R>(run: () => R): R {
    this.isInside = true;
    try {
      return run();
    } finally {
      this.isInside = this.isStopped;
    }
  }

  // Values of the host.

  /** Adds a step of the host's part. */
  addHost(work: HostWork): HostSlot {
    this.host.push(work);
    const slot = this.host.length - 1;
    this.steps.push(slot);
    return slot;
  }

  /** Notes that an object such as a key is the result of a step. */
  noteHost(object: object, slot: HostSlot): void {
    const end = watchHostObject(object);
    if (end) this.watches.push(end);
    this.hostOf.set(object, slot);
  }

  /** The step whose result an object is. */
  hostSlotOf(object: object): HostSlot | undefined {
    return this.hostOf.get(object);
  }

  derived(made: object, from: object, make: (from: object) => object): void {
    if (this.isInside || this.section) return;
    const parent = this.hostOf.get(from);
    if (parent === undefined) return;
    this.noteHost(
      made,
      this.addHost({
        kind: "compute",
        name: "key",
        inputs: [parent],
        compute: (value) => make(value as object),
      }),
    );
  }

  opened(object: object, what = `reads the words of ${describe(object)}`): void {
    if (this.isInside || this.section || !this.hostOf.has(object)) return;
    this.refuse(
      new NnxError(
        `${this.options.where}: expected a function that draws with its keys, got one that ${what}. ` +
          "A replay would not see other words: draw with nnx.random, or read them outside.",
      ),
    );
  }

  /**
   * Runs host code that each replay runs again.
   * @param inputs - Its arguments, with values of the host as `HostInput`s.
   * @param run - Gets the arguments with values.
   * @param values - The arguments with the values of now.
   * @returns the result, and the steps of the values of the host in it.
   */
  runSection<R>(
    inputs: unknown,
    values: unknown,
    run: (inputs: unknown) => R,
  ): readonly [result: R, slots: readonly HostSlot[]] {
    const events: SectionEvent[] = [];
    this.section = events;
    let result: R;
    try {
      result = run(values);
    } finally {
      this.section = undefined;
    }
    const { tensors, host } = partsOf(result);
    const section = new Section({
      inputs,
      run,
      events,
      resultSlots: tensors.map((tensor) => this.slotOf(tensor)),
      slotOf: (tensor) => this.slots.get(tensor.id),
      infoOf: (slot) => this.infos[slot] as ValueInfo,
    });
    this.addHost({ kind: "section", section });
    return [result, host.map((_, i) => this.addHost({ kind: "of section", result: i }))];
  }

  /** Notes that a tensor has numbers of the host. */
  addHostTensor(tensor: Tensor, host: HostSlot): void {
    this.addNode({ kind: "host", host }, [], [tensor]);
  }

  // Nodes.

  private add(call: Call): readonly Slot[] {
    const { open } = this;
    if (open) {
      open.children.push(call);
      return [];
    }
    const slots = this.settle(call);
    for (const tensor of this.made) tensor.dispose();
    this.made = [];
    return slots;
  }

  /** Adds the nodes of a call that the run itself made. */
  private settle(call: Call): readonly Slot[] {
    if (call.kind === "other") return this.addNode(call.work, call.inputs, call.outputs, call.path);
    const { name, attrs, path, children, outputs } = call;
    const list: readonly (Tensor | null | undefined)[] = Object.values(call.inputs);
    const parts = children.length === 0 ? children : children.filter((child) => !isCopyIn(call, list, child));
    this.refuseKeysIn(name, attrs);
    const isComposed =
      parts.length > 0 &&
      outputs.every(({ id }) => parts.some((part) => part.outputs.some((output) => output.id === id)));
    const inSection = this.section && !this.isInside ? this.section : undefined;
    const event = inSection && {
      name,
      inputs: list.map((tensor) => (tensor ? this.slotOf(tensor) : undefined)),
      isList: call.isList,
    };
    let renewal: number | undefined;
    if (isComposed) for (const part of parts) this.settleApart(part);
    else {
      renewal = event ? this.renewals++ : undefined;
      const names = Array.isArray(call.inputs)
        ? undefined
        : Object.keys(call.inputs).filter((key) => isTensor((call.inputs as Record<string, unknown>)[key]));
      this.addNode(
        { kind: "kernel", name, names, attrs, needsEngine: parts.length > 0, renewal },
        list.filter((tensor) => tensor != null),
        outputs,
        path,
      );
    }
    if (parts.length < children.length)
      for (const child of children) if (!parts.includes(child)) this.settleApart(child);
    const slots = outputs.map((tensor) => this.slotOf(tensor));
    if (event) inSection.push({ kind: "kernel", ...event, outputs: slots, renewal, attrs });
    return slots;
  }

  /** A kernel that got a key would draw the same each time. */
  private refuseKeysIn(name: string, attrs: object): void {
    for (const value of Object.values(attrs))
      if (typeof value === "object" && value !== null && this.hostOf.has(value as object))
        this.opened(value as object, `passes ${describe(value)} to the kernel ${name}`);
  }

  /** A call inside a kernel: host code that runs again does not see it. */
  private settleApart(call: Call): void {
    const { section } = this;
    this.section = undefined;
    this.settle(call);
    this.section = section;
  }

  private addNode(
    work: Work,
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
    path: Path | undefined = this.options.running(),
  ): readonly Slot[] {
    const from = inputs.map((tensor) => this.slotOf(tensor));
    const isDrawn =
      work.kind !== "kernel" && work.kind !== "call" && (work.kind !== "loop" || work.from !== undefined);
    const isRenewed = "renewal" in work && work.renewal !== undefined;
    const changes = isDrawn || isRenewed || inputs.some(({ dataId }) => this.changing.has(dataId));
    const to = outputs.map((tensor) => {
      const slot = this.newSlot(tensor);
      // A kernel may return its input, which then keeps its number.
      if (!this.slots.has(tensor.id)) this.setSlot(tensor, slot);
      if (changes) this.changing.add(tensor.dataId);
      return slot;
    });
    this.nodes.push({ work, inputs: from, outputs: to, path });
    return to;
  }
}
