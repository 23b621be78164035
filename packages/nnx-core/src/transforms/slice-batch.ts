/** @file One run of the function for all slices: the first slice is recorded, and run for all. */
import { isContainer, itemsOf } from "../data/containers.ts";
import { gradientDepth } from "../autodiff/tape.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import { BatchRun } from "../program/batch/batch-run.ts";
import { FirstSlice } from "../program/batch/first-slice.ts";
import { type HostOfSlices, hostOf, hostOfSlices } from "../program/batch/host-slices.ts";
import { SliceRecorder } from "../program/batch/slice-recorder.ts";
import { isHostObject } from "../program/host-data.ts";
import type { RecordedLeaf } from "../program/leaf-steps.ts";
import type { Slot as ValueSlot } from "../program/program.ts";
import type { ProgramRecorder } from "../program/recorder.ts";
import { Recording, recordingNow } from "../program/recording.ts";
import { isCapturing } from "../recording/session.ts";
import {
  canIntercept,
  isAbstract,
  sliceAt,
  takesLate,
  type Tensor,
  watchAssigned,
  withFirst,
} from "../tensor.ts";
import { unread } from "../variable/observer.ts";
import { Variable } from "../variable/variable.ts";
import type { CutTensor } from "./axis-values.ts";
import { BatchedValues } from "./batched-values.ts";
import type { SlicedArguments } from "./sliced-arguments.ts";
import type { Slot } from "./slots.ts";

/** The recording around, if it can see one run for all slices. */
const around = (): ProgramRecorder | undefined => {
  const recorder = recordingNow()?.recorder;
  return recorder?.canBranch ? recorder : undefined;
};

/**
 * Whether a run may be recorded here. Tapes and captures around it see each slice by itself. A
 * recording around sees the run for all slices where tensors alone are cut: it has to know how keys
 * and numbers of each slice are computed.
 */
export function mayBatch(sliced: SlicedArguments): boolean {
  if (gradientDepth() > 0 || isCapturing() || isAbstract()) return false;
  return canIntercept() || (around() !== undefined && !hasHost(sliced));
}

/** What gives the first slice, where nothing else follows its tensors. */
export const firstSlice = (): FirstSlice | undefined =>
  recordingNow() === undefined && takesLate() ? new FirstSlice() : undefined;

const hasHost = ({ slots, cuts }: SlicedArguments): boolean =>
  cuts.some((cut) => cut.hostAt(0).length > 0) ||
  slots.some(({ cut, ownValue }) => (cut ? cut.hostAt(0) : hostIn(ownValue)).length > 0);

/** Signals that a recording around has seen one slice too few: the slices have to run in turn. */
class NotBatched extends Error {}

/**
 * Runs slices, of which one may stand for all.
 * @param run - Gets whether that may be. In a recording it undoes what it did when it throws.
 */
export function batchedIfPossible<R>(run: (mayBatch: boolean) => R): R {
  const recording = recordingNow();
  if (!recording) return run(true);
  try {
    return recording.attempt(() => run(true));
  } catch (error) {
    if (error instanceof NotBatched) return run(false);
    throw error;
  }
}

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

  /**
   * To be called when the first slice is in place.
   * @param late - What has cut it, unless it was cut as the others are.
   */
  constructor({ slots, cuts }: SlicedArguments, size: number, late: FirstSlice | undefined) {
    this.slots = slots;
    this.size = size;
    // Loops, since lists of lists take as long to join as small kernels to run.
    const leaves: RecordedLeaf[] = [];
    const inputs: CutTensor[] = [];
    for (const { holder, cut, lent } of slots) {
      if (cut) inputs.push(...cut.tensors);
      if (!(holder instanceof Variable)) continue;
      const firstHost = this.host.length;
      if (cut) this.addHost((index) => cut.hostAt(index));
      else for (const value of hostIn(lent)) this.host.push({ isBatched: false, each: [value] });
      leaves.push({ value: holder, firstHost, hostCount: this.host.length - firstHost });
    }
    for (const cut of cuts) {
      inputs.push(...cut.tensors);
      this.addHost((index) => cut.hostAt(index));
    }
    this.inputs = inputs;
    const tensors = inputs.map(({ first }) => first as Tensor);
    const refused = (): void => {
      this.isRefused = true;
    };
    const recorder = new SliceRecorder(tensors, refused, around(), late);
    this.recorder = recorder;
    late?.follow({
      program: () => {
        const { nodes, infos } = recorder;
        const given = this.constants();
        const first = ({ whole, axis }: CutTensor): Tensor => sliceAt(whole, axis, 0);
        return { nodes, infos, given: (slot) => given.get(slot) ?? first(this.inputs[slot] as CutTensor) };
      },
      unrecorded: (f) => recorder.unrecorded(f),
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
    const assigned = watchAssigned();
    const result = this.recording.record(f);
    // Each slice has to assign to it in turn.
    if (assigned()) this.isRefused = true;
    return result;
  }

  /**
   * Runs the recorded program for all slices.
   * @param kept - Results of the first slice, and tensors that it put into modules.
   * @param made - The Variables that it made.
   * @returns nothing where the slices cannot be run as one.
   */
  run(kept: readonly unknown[], made: Iterable<Variable>): BatchedValues | undefined {
    const { recorder, recording, size } = this;
    const outer = around();
    if (this.isRefused && !outer) return undefined;
    const written: Variable[] = [];
    for (const variable of made) if (!variable.isDisposed) written.push(variable);
    for (const { holder, isWritten } of this.slots)
      if (isWritten && holder instanceof Variable) written.push(holder);
    // Variables that the run wrote to have a step each, unless they have tensors.
    const steps = new Map<Variable, number>();
    for (const variable of written) {
      const value = unread(() => variable.getRawValue());
      if (typeof value === "number" || isHostObject(value)) steps.set(variable, recording.slotOf(variable));
    }
    const left = tensorsIn([kept, written.map((variable) => unread(() => variable.getRawValue()))]);
    const slots = left.map((tensor) => recorder.slotOf(tensor));
    const host = this.hostOfAll();
    if (!host) {
      if (outer) throw new NotBatched();
      return undefined;
    }
    if (outer)
      for (const { slot, tensor } of recorder.constants) outer.adopt(tensor, recorder.sources.get(slot));
    const { nodes, infos } = recorder;
    const constants = this.constants();
    const given = (slot: ValueSlot): Tensor => {
      const input = this.inputs[slot];
      return input ? withFirst(input.whole, input.axis) : (constants.get(slot) as Tensor);
    };
    const run = new BatchRun(
      { nodes, infos, inputs: this.inputs.length, given },
      size,
      (slot) => host[slot] as HostOfSlices,
    );
    // A recording around has to know what is the same for all slices, too.
    const isWanted = (slot: ValueSlot): boolean => outer !== undefined || run.isBatched(slot);
    const found = run.run(slots.filter(isWanted));
    const tensors = new Map<number, Tensor>();
    let at = 0;
    left.forEach((tensor, i) => {
      const slot = slots[i] as ValueSlot;
      if (!isWanted(slot)) return;
      const made = found[at++] as Tensor;
      if (run.isBatched(slot)) tensors.set(tensor.id, made);
      else outer?.adopt(tensor, made);
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

  private constants(): ReadonlyMap<ValueSlot, Tensor> {
    return new Map(this.recorder.constants.map(({ slot, tensor }) => [slot, tensor]));
  }

  /** The values of the host for all slices; nothing where the slices cannot be run as one. */
  private hostOfAll(): HostOfSlices[] | undefined {
    const { recorder, recording, size } = this;
    if (this.isRefused) return undefined;
    for (const [index] of recording.guards) if (this.host[index]?.isBatched) return undefined;
    const host = hostOfSlices(recorder.host, this.host, size);
    return recorder.shared.some((slot) => host[slot]?.isBatched) ? undefined : host;
  }

  /** Frees the constants. */
  dispose(): void {
    this.recorder.dispose();
  }
}
