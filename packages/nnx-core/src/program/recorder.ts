/** @file Records a run: what it asks the engine for, and what comes to tensors in other ways. */
import { describe, type NnxError } from "../errors.ts";
import {
  type ComputeCall,
  copiedData,
  type FillCall,
  type FuseCall,
  type Interceptor,
  intercept,
  type KernelInputs,
  type Recorder,
  setRecorder,
  type Tensor,
} from "../tensor.ts";
import { type Call, inputsOf, type KernelCall } from "./calls.ts";
import { shareForGood } from "./constants.ts";
import type { FromHost, Slot } from "./program.ts";
import { RecordedNodes } from "./recorded-nodes.ts";
import { drawsOtherwise, readsValues, SHAPED_BY_VALUES, shapedByValues } from "./recorder-refusals.ts";

const none: readonly never[] = Object.freeze([]);

/** Records one run. */
export class ProgramRecorder extends RecordedNodes implements Interceptor, Recorder {
  /** What the code of the kernel that is running made: it may free it before the kernel ends. */
  private readonly made: Tensor[] = [];
  private open: KernelCall | undefined;
  /** Tensors that share the data of others of the kernel that is running. */
  private readonly shares: (readonly [copy: Tensor, of: Tensor])[] = [];
  /** In the library's own loops, nothing is recorded; nor after something was refused. */
  private isInside = false;
  private isStopped = false;

  /** Says that the run cannot be replayed. */
  refuse(error: () => NnxError): void {
    const { refused } = this.options;
    if (!refused) throw error();
    this.isInside = true;
    this.isStopped = true;
    refused();
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
      this.hosts.endWatches();
    }
  }

  /** Whether blocks can be recorded now: inside of kernels and host code they cannot. */
  get canBranch(): boolean {
    return !this.open && !this.section && !this.isInside;
  }

  /** Frees the constants. */
  dispose(): void {
    this.tensors.dispose();
    for (const tensor of this.made) tensor.dispose();
  }

  // What the engine is asked for.

  kernel(name: string, inputs: KernelInputs, attrs: object | undefined, run: () => unknown): unknown {
    if (SHAPED_BY_VALUES.has(name)) this.refuseShapes(name, inputs);
    if (this.isInside) return run();
    const { open } = this;
    // Ops may change the object with the inputs later.
    const { names, inputs: given } = inputsOf(inputs);
    const call: KernelCall = {
      kind: "kernel",
      name,
      names,
      inputs: given,
      all: this.section && Object.values(inputs),
      attrs: copiedData(attrs ?? {}),
      path: this.options.running(),
      children: undefined,
      outputs: none,
      isList: false,
    };
    this.open = call;
    if (!open && this.shares.length > 0) this.shares.length = 0;
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

  private refuseShapes(name: string, inputs: KernelInputs): void {
    const given: readonly (Tensor | null | undefined)[] = Object.values(inputs);
    if (this.isInside || !given.some((tensor) => tensor && this.changes(tensor))) return;
    this.refuse(() => shapedByValues(this.options.where, name));
  }

  values(values: unknown, _shape: readonly number[], dtype: string, make: () => Tensor): Tensor {
    const tensor = make();
    if (this.isInside) return tensor;
    this.tensors.addBorn(tensor);
    const isNumeric = dtype === "float32" || dtype === "int32" || dtype === "bool";
    if (this.section && !this.open && isNumeric) {
      const renewal = this.renewals++;
      const slot = this.addNode({ kind: "values", renewal }, [], [tensor])[0] as Slot;
      this.section.push({ kind: "values", outputs: [slot], renewal });
    } else if (isNumeric) this.tensors.addKnown(tensor, values);
    if (this.open) this.made.push(shareForGood(tensor));
    return tensor;
  }

  read(dataId: object): void {
    if (this.isInside || !this.tensors.changes(dataId)) return;
    const path = this.options.running();
    this.refuse(() => readsValues(this.options.where, path));
  }

  /** In sections each copy is a kernel: a section that runs again asks for it. */
  get followsSharing(): boolean {
    return !this.section;
  }

  sharesData(copy: Tensor, of: Tensor): void {
    if (this.isInside) return;
    if (this.open) this.shares.push([copy, of]);
    else this.noteShared(copy, of);
  }

  private noteShared(copy: Tensor, of: Tensor): void {
    this.slotOf(of);
    this.adopt(copy, of);
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
      this.tensors.addBorn(tensor, call.made && "drawn with a key that no argument has");
      if (open) this.made.push(shareForGood(tensor));
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
    const host = made && this.hosts.slotOf(made.from);
    return made && host !== undefined ? { host, make: made.make } : undefined;
  }

  /** Runs what the recording is not to see. */
  unrecorded<R>(run: () => R): R {
    return this.inside(run);
  }

  private inside<R>(run: () => R): R {
    const { isInside } = this;
    this.isInside = true;
    try {
      return run();
    } finally {
      this.isInside = isInside || this.isStopped;
    }
  }

  // Values of the host.

  derived(made: object, from: object, make: (from: object) => object): void {
    if (this.isInside || this.section) return;
    const parent = this.hosts.slotOf(from);
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
    if (this.isInside || this.section || this.hosts.slotOf(object) === undefined) return;
    this.refuse(() => drawsOtherwise(this.options.where, what));
  }

  // Nodes.

  private add(call: Call): readonly Slot[] {
    const { open } = this;
    if (open) {
      if (open.children) open.children.push(call);
      else open.children = [call];
      return none;
    }
    const slots = this.settle(call);
    if (this.shares.length > 0) for (const [copy, of] of this.shares.splice(0)) this.noteShared(copy, of);
    if (this.made.length > 0) for (const tensor of this.made.splice(0)) tensor.dispose();
    return slots;
  }
}
