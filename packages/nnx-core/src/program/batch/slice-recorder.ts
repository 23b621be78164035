/** @file Records the run of one slice, to run it for all. What cannot be batched stops it. */
import { NnxError } from "../../errors.ts";
import {
  type ComputeCall,
  copiedData,
  type FillCall,
  type FuseCall,
  isAssigned,
  isRecording,
  type KernelInputs,
  lateDataOf,
  openOps,
  type Tensor,
} from "../../tensor.ts";
import { inputsOf } from "../calls.ts";
import type { HostSlot } from "../host.ts";
import type { Slot, Work } from "../program.ts";
import { ProgramRecorder } from "../recorder.ts";
import { HostInput } from "../section-inputs.ts";
import { partsOf, type SectionRun } from "../section-parts.ts";
import { isContainer, itemsOf } from "../../data/containers.ts";
import type { FirstSlice } from "./first-slice.ts";
import { lateShape } from "./late-shapes.ts";

/** The scopes of tensorflow.js's ops that draw random numbers: each call gives others. */
const RANDOM = new Set(
  [
    ..."rand,randomGamma,randomNormal,randomStandardNormal,randomUniform,randomUniformInt".split(","),
    ..."truncatedNormal,dropout".split(","),
  ].map((name) => `${name}__op`),
);

/** Records one slice. */
export class SliceRecorder extends ProgramRecorder {
  /** Values of the host that must be the same for all slices. */
  readonly shared: HostSlot[] = [];
  /** The tensors that constants were made of, but those that the run made. */
  readonly sources: Map<Slot, Tensor> = new Map();

  private readonly outer: ProgramRecorder | undefined;
  private readonly late: FirstSlice | undefined;

  /**
   * @param outer - The recording around, if there is one.
   * @param late - What gives the values of the slice, where nobody may need them.
   */
  constructor(
    tensors: readonly Tensor[],
    refused: () => void,
    outer: ProgramRecorder | undefined,
    late: FirstSlice | undefined,
  ) {
    super({ where: "vmap", tensors, running: () => undefined, refused });
    this.outer = outer;
    this.late = late;
  }

  override slotOf(tensor: Tensor): Slot {
    const isKnown = this.tensors.knownSlot(tensor) !== undefined;
    const slot = super.slotOf(tensor);
    if (!isKnown && !this.tensors.isBorn(tensor)) this.sources.set(slot, tensor);
    return slot;
  }

  /** Which branch is taken may differ from slice to slice. */
  override get canBranch(): boolean {
    return false;
  }

  override kernel(
    name: string,
    inputs: KernelInputs,
    attrs: object | undefined,
    run: () => unknown,
  ): unknown {
    if (name === "Multinomial") this.refuseRandom(name);
    if (this.late) {
      const { names, inputs: given } = inputsOf(inputs);
      const shape = this.mayBeLate(given) ? lateShape(name, given) : undefined;
      if (shape && names) {
        const own = copiedData(attrs ?? {});
        const work = {
          kind: "kernel",
          name,
          names,
          attrs: own,
          needsEngine: false,
          renewal: undefined,
        } as const;
        return this.addLate(shape, work, given);
      }
      this.late.bringFor(given);
    }
    return super.kernel(name, inputs, attrs, run);
  }

  override compute(call: ComputeCall, run: () => Tensor | undefined): Tensor | undefined {
    const { inputs, shape, batch } = call;
    if (this.late && shape && this.mayBeLate(inputs))
      return this.addLate(shape, { kind: "call", run: call.run, batch, renewal: undefined }, inputs);
    this.late?.bringFor(inputs);
    return super.compute(call, run);
  }

  /** Whether what is computed of these may get its values later: they stay within reach. */
  private mayBeLate(inputs: readonly Tensor[]): boolean {
    if (!this.late?.isOpen || !super.canBranch || isRecording()) return false;
    let isLate = false;
    for (const tensor of inputs) {
      if (tensor.dtype !== "float32") return false;
      if (lateDataOf(tensor)?.owner === this.late) isLate = true;
      else {
        const slot = this.tensors.knownSlot(tensor);
        if (slot === undefined || this.tensors.isBorn(tensor)) continue;
        const source = this.sources.get(slot);
        // A variable of tensorflow.js may have got other values.
        if (!source || isAssigned(source)) return false;
      }
    }
    return isLate;
  }

  private addLate(shape: readonly number[], work: Work, inputs: readonly Tensor[]): Tensor {
    const late = this.late as FirstSlice;
    const tensor = late.result(shape);
    late.computes(tensor, this.addNode(work, inputs, [tensor])[0] as Slot);
    return tensor;
  }

  override values(values: unknown, shape: readonly number[], dtype: string, make: () => Tensor): Tensor {
    const random = openOps().find((name) => RANDOM.has(name));
    if (random !== undefined) this.refuseRandom(random);
    return super.values(values, shape, dtype, make);
  }

  override read(dataId: object): void {
    if (this.outer?.changesData(dataId))
      this.refuse(() => new NnxError("vmap: reads what the recording computes."));
    super.read(dataId);
  }

  override derived(made: object, from: object, make: (from: object) => object): void {
    this.refuseOuter(from);
    super.derived(made, from, make);
  }

  override opened(object: object, what?: string): void {
    this.refuseOuter(object);
    super.opened(object, what);
  }

  override fill(call: FillCall, run: () => Tensor): Tensor {
    if (call.made) this.refuseOuter(call.made.from);
    return super.fill(call, run);
  }

  override fuse(call: FuseCall, run: () => Tensor[] | undefined): Tensor[] | undefined {
    this.late?.bringFor(call.inputs);
    if (call.made) this.refuseOuter(call.made.from);
    return super.fuse(call, run);
  }

  /** The recording around has to see what is drawn with its keys. */
  private refuseOuter(key: object): void {
    if (this.outer?.hostSlotOf(key) !== undefined)
      this.refuse(() => new NnxError("vmap: draws with a key of the recording around."));
  }

  private refuseRandom(op: string): void {
    this.refuse(
      () =>
        new NnxError(
          `vmap: expected a function that draws with keys, got one that calls tf.${op.replace("__op", "")}. Use nnx.random.`,
        ),
    );
  }

  /** Host code runs once: the numbers that it gets must be the same for all slices. */
  override runSection<R>(
    inputs: unknown,
    values: unknown,
    run: (inputs: unknown) => R,
    targets?: unknown,
  ): SectionRun<R> {
    this.share(inputs);
    const result = run(values);
    const parts = partsOf(result, targets);
    const slots = parts.host.map((value) => this.addHost({ kind: "constant", value }));
    return { result, slots, host: parts.host, targets: parts.targets };
  }

  private share(inputs: unknown): void {
    if (inputs instanceof HostInput) this.shared.push(inputs.slot);
    else if (isContainer(inputs)) for (const item of itemsOf(inputs)) this.share(item);
  }
}
