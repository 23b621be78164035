/**
 * @file The first slice of a run for all slices. Mostly nobody asks for its values: what it computes is
 * recorded, and computed when somebody does.
 */
import { withoutTape } from "../../autodiff/tape.ts";
import {
  bringLate,
  isAssigned,
  type LateData,
  lateDataOf,
  type LateOwner,
  lateTensor,
  scoped,
  sliceAt,
  type Tensor,
} from "../../tensor.ts";
import type { Slot } from "../program.ts";
import { BatchRun, type SliceProgram } from "./batch-run.ts";

/** Where the values of a late tensor come from. */
interface Late {
  readonly tensor: Tensor;
  readonly data: LateData;
  /** The first slice of this; what the program computes has a slot. */
  readonly from: CutFrom | undefined;
  readonly slot: Slot | undefined;
}

interface CutFrom {
  readonly whole: Tensor;
  readonly axis: number;
}

/** A run that may be asked for values. */
export interface FollowedRun {
  program(): Omit<SliceProgram, "inputs">;
  /** Runs what is not to be recorded. */
  unrecorded<R>(f: () => R): R;
}

/** The values of others have another form between backends. */
const plain: ReadonlySet<string> = new Set(["float32", "int32", "bool"]);

/** The tensors of the first slice that have no values as yet. */
export class FirstSlice implements LateOwner {
  private all: Late[] = [];
  private followed: FollowedRun | undefined;
  private isOver = false;

  /** Says which run computes what is not cut. */
  follow(run: FollowedRun): void {
    this.followed = run;
  }

  /** Whether what is computed may be late: not after somebody has asked for values. */
  get isOpen(): boolean {
    return !this.isOver;
  }

  /** The first slice of a tensor. */
  cut(whole: Tensor, axis: number): Tensor {
    // A variable of tensorflow.js may have other values later.
    if (this.isOver || !plain.has(whole.dtype) || isAssigned(whole)) return sliceAt(whole, axis, 0);
    const shape = whole.shape.filter((_, i) => i !== axis);
    const tensor = lateTensor(shape, whole.dtype, this);
    this.add(tensor, { whole, axis }, undefined);
    return tensor;
  }

  /** A tensor that the program computes. Say {@link computes} then. */
  result(shape: readonly number[]): Tensor {
    return lateTensor(shape, "float32", this);
  }

  /** Says which value of the program a {@link result} is. */
  computes(tensor: Tensor, slot: Slot): void {
    this.add(tensor, undefined, slot);
  }

  private add(tensor: Tensor, from: CutFrom | undefined, slot: Slot | undefined): void {
    this.all.push({ tensor, data: lateDataOf(tensor) as LateData, from, slot });
  }

  /** Brings everything to the backend in use, where one of these is needed there now. */
  bringFor(tensors: readonly Tensor[]): void {
    if (tensors.some((tensor) => lateDataOf(tensor)?.owner === this)) this.bring();
  }

  /**
   * Brings everything, where something may outlive the scopes of the run, and forgets the run: data that
   * wait for the garbage collector know this object.
   */
  end(): void {
    // Another tensor may have the data of one that was disposed.
    const isKept = ({ tensor, data }: Late): boolean =>
      data.holders > 1 || (data.holders > 0 && (tensor.kept || tensor.scopeId < 0 || tensor.isDisposed));
    if (this.all.some(isKept)) this.bring();
    this.isOver = true;
    this.all = [];
    this.followed = undefined;
  }

  give(data: LateData): void {
    this.bring(data);
  }

  /**
   * Computes what somebody has, and brings it to the backend in use. From now on nothing is late.
   * @param asked - Gets its values instead: whoever asked for them brings them.
   */
  bring(asked?: LateData): void {
    this.isOver = true;
    const living = this.all.filter(({ data }) => data.holders > 0);
    this.all = living.filter(({ data }) => data === asked);
    if (living.length === 0) return;
    const bringAll = (): void =>
      withoutTape(() =>
        scoped(() => {
          const made = this.compute(living.flatMap(({ slot, data }) => (data.values ? [] : (slot ?? []))));
          for (const { tensor, data, from, slot } of living) {
            const values = from ? firstOf(from) : made?.get(slot as Slot);
            if (data.values || !values) bringLate(tensor);
            else if (data === asked) data.values = sliceOrAll(values, tensor).dataSync();
            else bringLate(tensor, values);
          }
        }),
      );
    if (this.followed) this.followed.unrecorded(bringAll);
    else bringAll();
  }

  private compute(slots: readonly Slot[]): ReadonlyMap<Slot, Tensor> | undefined {
    if (!this.followed || slots.length === 0) return undefined;
    const host = { isBatched: false, each: [] };
    const made = new BatchRun({ ...this.followed.program(), inputs: 0 }, 1, () => host).run(slots);
    return new Map(slots.map((slot, i) => [slot, made[i] as Tensor]));
  }
}

/** What begins with the values of a first slice. */
const firstOf = ({ whole, axis }: CutFrom): Tensor => (axis === 0 ? whole : sliceAt(whole, axis, 0));

const sliceOrAll = (values: Tensor, { size }: Tensor): Tensor =>
  values.size === size ? values : sliceAt(values, 0, 0);
