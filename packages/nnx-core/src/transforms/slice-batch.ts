/** @file One run of the function for all slices: the first slice is recorded, and run for all. */
import { isContainer, itemsOf } from "../data/containers.ts";
import { gradientDepth } from "../autodiff/tape.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import { BatchRun } from "../program/batch/batch-run.ts";
import { type HostOfSlices, hostOf, hostOfSlices } from "../program/batch/host-slices.ts";
import { SliceRecorder } from "../program/batch/slice-recorder.ts";
import { isHostObject } from "../program/host-data.ts";
import type { Slot as ValueSlot } from "../program/program.ts";
import { Recording } from "../program/recording.ts";
import { isCapturing } from "../recording/session.ts";
import { canIntercept, isAbstract, type Tensor, withFirst } from "../tensor.ts";
import { unread } from "../variable/observer.ts";
import { Variable } from "../variable/variable.ts";
import type { CutTensor } from "./axis-values.ts";
import { BatchedValues } from "./batched-values.ts";
import type { SlicedArguments } from "./sliced-arguments.ts";
import type { Slot } from "./slots.ts";

/**
 * Whether a run may be recorded here. Tapes and captures around it see each slice by itself; so
 * does a recording.
 */
export const mayBatch = (): boolean =>
  gradientDepth() === 0 && !isCapturing() && !isAbstract() && canIntercept();

/** The keys, numbers and flags in a value. */
function hostIn(value: unknown, found: unknown[] = []): unknown[] {
  if (typeof value === "number" || typeof value === "boolean" || isHostObject(value)) found.push(value);
  else if (isContainer(value)) for (const item of itemsOf(value)) hostIn(item, found);
  return found;
}

/** Records the first slice. */
export class SliceBatch {
  private readonly slots: readonly Slot[];
  private readonly size: number;
  private readonly recorder: SliceRecorder;
  private readonly recording: Recording;
  private readonly inputs: readonly CutTensor[];
  private readonly host: HostOfSlices[] = [];
  private isRefused = false;

  /** To be called when the first slice is in place. */
  constructor({ slots, cuts }: SlicedArguments, size: number) {
    this.slots = slots;
    this.size = size;
    const leaves = slots.flatMap(({ holder, cut, lent }) => {
      if (!(holder instanceof Variable)) return [];
      const firstHost = this.host.length;
      if (cut) this.addHost((index) => cut.hostAt(index));
      else for (const value of hostIn(lent)) this.host.push({ isBatched: false, each: [value] });
      return [{ value: holder, firstHost, hostCount: this.host.length - firstHost }];
    });
    for (const cut of cuts) this.addHost((index) => cut.hostAt(index));
    const all = [...slots.flatMap(({ cut }) => cut ?? []), ...cuts];
    this.inputs = all.flatMap(({ tensors }) => tensors);
    const tensors = this.inputs.map(({ first }) => first as Tensor);
    this.recorder = new SliceRecorder(tensors, () => {
      this.isRefused = true;
    });
    const host = this.host.map(({ each }) => each[0]);
    this.recording = new Recording("vmap", this.recorder, { leaves, host }, () => undefined);
  }

  private addHost(at: (index: number) => readonly unknown[]): void {
    const first = at(0);
    if (first.length === 0) return;
    const all = Array.from({ length: this.size }, (_, index) => (index === 0 ? first : at(index)));
    this.host.push(...first.map((_, i) => hostOf(all.map((each) => each[i]))));
  }

  /** Runs the first slice and records it. */
  record<R>(f: () => R): R {
    return this.recording.record(f);
  }

  /**
   * Runs the recorded program for all slices.
   * @param kept - Results of the first slice, and tensors that it put into modules.
   * @param made - The Variables that it made.
   * @returns nothing where the slices cannot be run as one.
   */
  run(kept: readonly unknown[], made: Iterable<Variable>): BatchedValues | undefined {
    const { recorder, recording, size } = this;
    const written = [
      ...Array.from(made).filter(({ isDisposed }) => !isDisposed),
      ...this.slots.flatMap(({ holder, isWritten }) =>
        isWritten && holder instanceof Variable ? holder : [],
      ),
    ];
    // Variables that the run wrote to have a step each, unless they have tensors.
    const steps = new Map<Variable, number>();
    for (const variable of written) {
      const value = unread(() => variable.getRawValue());
      if (typeof value === "number" || isHostObject(value)) steps.set(variable, recording.slotOf(variable));
    }
    const left = tensorsIn([kept, written.map((variable) => unread(() => variable.getRawValue()))]);
    const slots = left.map((tensor) => recorder.slotOf(tensor));
    if (this.isRefused) return undefined;
    for (const [index] of recording.guards) if (this.host[index]?.isBatched) return undefined;
    const host = hostOfSlices(recorder.host, this.host, size);
    if (recorder.shared.some((slot) => host[slot]?.isBatched)) return undefined;
    const { nodes, infos } = recorder;
    const constants = new Map(recorder.constants.map(({ slot, tensor }) => [slot, tensor]));
    const given = (slot: ValueSlot): Tensor => {
      const input = this.inputs[slot];
      return input ? withFirst(input.whole, input.axis) : (constants.get(slot) as Tensor);
    };
    const run = new BatchRun(
      { nodes, infos, inputs: this.inputs.length, given },
      size,
      (slot) => host[slot] as HostOfSlices,
    );
    const batched = run.run(slots.filter((slot) => run.isBatched(slot)));
    const tensors = new Map<number, Tensor>();
    left.forEach(({ id }, i) => {
      const found = batched.get(slots[i] as ValueSlot);
      if (found) tensors.set(id, found);
    });
    return new BatchedValues({
      size,
      tensors,
      isGiven: (tensor) => run.isGiven(tensor),
      hostOf: (value) => {
        const slot = value instanceof Variable ? steps.get(value) : recorder.hostSlotOf(value);
        return slot === undefined ? undefined : host[slot];
      },
    });
  }

  /** Frees the constants. */
  dispose(): void {
    this.recorder.dispose();
  }
}
