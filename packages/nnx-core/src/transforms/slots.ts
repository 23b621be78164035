/**
 * @file The values of modules and Variables in arguments, for a function that runs once for each
 * slice. The function gets the user's own modules: while it runs, they hold one slice.
 */
import { describe, StructureError } from "../errors.ts";
import type { LeafPlace } from "../graph/flatten.ts";
import { childAt, isWritable, setChild } from "../graph/node.ts";
import { hold, type Lease } from "../ownership/lease.ts";
import type { FirstSlice } from "../program/batch/first-slice.ts";
import type { HostSlot } from "../program/host.ts";
import { looking, noteComputed, sourceOf } from "../program/host-value.ts";
import { recordingNow } from "../program/recording.ts";
import { lending, unread } from "../variable/observer.ts";
import { type Metadata, sameMetadata, type VariableState } from "../variable/variable-state.ts";
import { Variable } from "../variable/variable.ts";
import { type Cut, type Misfit, type Place, stackValues } from "./axis-values.ts";
import type { Joining } from "./joining.ts";

/** Who holds a value: a Variable, or the place of an array that has no Variable around it. */
export type Holder = Variable | LeafPlace;

const isGone = (holder: Holder): boolean => holder instanceof Variable && holder.isDisposed;

const presentValue = (holder: Holder): unknown =>
  holder instanceof Variable
    ? looking(holder, () => holder.getRawValue())
    : childAt(holder.owner, holder.key);

/** One Variable, or array without one. It has a slice while the function runs. */
export class Slot {
  readonly holder: Holder;
  /** `undefined` for what is the same for every slice. */
  readonly cut: Cut | undefined;
  private readonly axis: number;
  private readonly place: Place;
  /** What is put back if the function does not write. */
  private readonly own: VariableState | undefined;
  readonly ownValue: unknown;
  private readonly leases: Lease[] = [];
  /** What the function gets. */
  lent: unknown;
  /** In a recorded function, the leaf with it: a number that is written may be what was there. */
  private lentLeaf: VariableState | undefined;
  /** What the function wrote, by slice: mostly nothing. */
  private written: Map<number, unknown> | undefined;
  /** The metadata that it set, by slice. */
  private metadata: Map<number, Metadata> | undefined;
  /** In a recorded function, the steps that compute the own numbers, and those of each slice. */
  private readonly source: HostSlot | undefined;
  private readonly sources: (HostSlot | undefined)[] = [];

  /** @param own - What a Variable has. */
  constructor(
    holder: Holder,
    own: VariableState | undefined,
    cut: Cut | undefined,
    axis: number,
    place: Place,
  ) {
    this.holder = holder;
    this.own = own;
    this.cut = cut;
    this.axis = axis;
    this.place = place;
    this.ownValue = presentValue(holder);
    if (!this.own && cut && !isWritable((holder as LeafPlace).owner, (holder as LeafPlace).key)) {
      throw new StructureError(
        `${place()}: expected an attribute that can be written, got one of a frozen object. Put the array into a Variable.`,
      );
    }
    this.hold(this.ownValue);
    this.source = holder instanceof Variable ? sourceOf(holder) : undefined;
  }

  /** Puts the slice in place. See {@link Cut} for `late`. */
  lend(index: number, late?: FirstSlice): void {
    const { holder, own, cut } = this;
    this.lent = cut ? cut.at(index, late) : this.ownValue;
    if (!(holder instanceof Variable)) {
      if (presentValue(holder) !== this.lent) setChild(holder.owner, holder.key, this.lent);
    } else if (own) {
      const leaf = cut ? Object.freeze({ type: own.type, value: this.lent, metadata: own.metadata }) : own;
      if (cut?.partOf) this.noteSlice(holder, index, cut.partOf);
      if (cut || holder.isDisposed || unread(() => holder.toState()) !== own) holder.takeState(leaf);
      if (recordingNow()) this.lentLeaf = unread(() => holder.toState());
    }
  }

  /** Notes what the function wrote. */
  take(index: number): void {
    const { holder } = this;
    if (isGone(holder)) return;
    if (holder instanceof Variable) {
      this.sources[index] = sourceOf(holder);
      if (holder.metadata !== this.own?.metadata)
        this.metadata = (this.metadata ?? new Map<number, Metadata>()).set(index, holder.metadata);
    }
    const value = presentValue(holder);
    const isLeafLent =
      !this.lentLeaf || !(holder instanceof Variable) || unread(() => holder.toState()) === this.lentLeaf;
    if (value === this.lent && isLeafLent) return;
    this.written = (this.written ?? new Map<number, unknown>()).set(index, value);
    this.hold(value);
  }

  /** A Variable holds the next slice soon, and lets go of this value. */
  private hold(value: unknown): void {
    if (this.own) this.leases.push(hold(value, "lent"));
  }

  /** Whether some slice wrote. */
  get isWritten(): boolean {
    return this.written !== undefined;
  }

  /**
   * Puts the own value back, or the values of all slices in its place if one slice wrote.
   * @param size - How many slices ran.
   * @param last - The one that ran last.
   */
  finish(size: number, last: number, joining: Joining): void {
    const { holder, written, cut, own } = this;
    if (isGone(holder)) return;
    this.refuseOtherMetadata(size);
    if (!written) {
      this.putBack(own);
      return;
    }
    const values = Array.from({ length: size }, (_, i) =>
      written.has(i) ? written.get(i) : cut ? cut.at(i) : this.ownValue,
    );
    const variable = holder instanceof Variable ? holder : undefined;
    const next = cut
      ? joining.stack(values, this.axis, this.misfit(values), variable)
      : joining.same(values, last, this.batched(values), variable);
    if (variable) {
      this.noteJoined(variable, next, last, this.misfit(values));
      variable.setRawValue(next);
    } else setChild((holder as LeafPlace).owner, (holder as LeafPlace).key, next);
  }

  private refuseOtherMetadata(size: number): void {
    const { metadata } = this;
    if (!metadata) return;
    const all = Array.from({ length: size }, (_, i) => metadata.get(i) ?? this.own?.metadata ?? {});
    const odd = all.findIndex((each) => !sameMetadata(each, all[0] as Metadata));
    if (odd < 0) return;
    throw new StructureError(
      `${this.place()}: expected the function to set the same metadata for all slices, got other metadata for slice ${odd} than for the first slice. ` +
        "Set metadata outside.",
    );
  }

  private noteSlice(variable: Variable, index: number, partOf: NonNullable<Cut["partOf"]>): void {
    if (this.source === undefined) return;
    const compute = (numbers: unknown): unknown => partOf(numbers, index);
    noteComputed(variable, this.lent, [this.source], { name: "slice", compute });
  }

  /** Says where the numbers of all slices come from, if it is known for each of them. */
  private noteJoined(variable: Variable, next: unknown, last: number, misfit: Misfit): void {
    const { cut, axis, sources } = this;
    const known = sources.filter((source) => source !== undefined);
    if (known.length === 0 || known.length < sources.length) return;
    const inputs = cut ? known : [sources[last] as HostSlot];
    const compute = (...values: unknown[]): unknown => (cut ? stackValues(values, axis, misfit) : values[0]);
    noteComputed(variable, next, inputs, { name: cut ? "stack" : "same", compute });
  }

  private putBack(own: VariableState | undefined): void {
    const { holder } = this;
    lending(() => {
      if (!(holder instanceof Variable)) setChild(holder.owner, holder.key, this.ownValue);
      else if (own && holder.metadata === own.metadata) holder.takeState(own);
      else holder.setRawValue(this.ownValue);
    });
  }

  /** Lets go of all values. */
  release(): void {
    for (let lease = this.leases.pop(); lease; lease = this.leases.pop()) lease.release();
  }

  private misfit(values: readonly unknown[]): Misfit {
    return (odd, index) =>
      new StructureError(
        `${this.place()}: expected the function to write values of one structure and shape for all slices, got ${describe(values[0])} ` +
          `for the first slice and ${describe(odd)} for slice ${index}. Write the same shape and dtype in each.`,
      );
  }

  private batched(values: readonly unknown[]): Misfit {
    return (odd, index) =>
      new StructureError(
        `${this.place()}: expected the function to write one value for all slices, because its axis is null, got ` +
          `${describe(values[0])} for the first slice and another ${describe(odd).replace(/^an? /, "")} for slice ${index}. ` +
          "Give it an axis (StateAxes for some Variables of a module), or do not write what depends on the slice.",
      );
  }
}
