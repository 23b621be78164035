/** @file Host code that runs again is answered with tensors without data, as long as it asks for the same. */
import { equalData } from "../data/equal-data.ts";
import {
  type ComputeCall,
  type FillCall,
  type FuseCall,
  type Interceptor,
  type KernelInputs,
  type Recorder,
  sameShape,
  shapesOf,
  type Tensor,
} from "../tensor.ts";
import type { Renewal, Slot } from "./program.ts";

/** What host code asked for, in its order. */
export type SectionEvent =
  | {
      readonly kind: "kernel";
      readonly name: string;
      readonly inputs: readonly (Slot | undefined)[];
      readonly isList: boolean;
      readonly outputs: readonly Slot[];
      /** Missing where the attributes must stay as they are. */
      readonly renewal: Renewal | undefined;
      readonly attrs: object | undefined;
    }
  | {
      readonly kind: "loop";
      readonly inputs: readonly (Slot | undefined)[];
      readonly shapes: readonly (readonly number[])[];
      /** Missing where there were none: a kernel did it. */
      readonly outputs: readonly Slot[] | undefined;
      readonly renewal: Renewal;
    }
  | {
      readonly kind: "call";
      readonly inputs: readonly (Slot | undefined)[];
      readonly outputs: readonly Slot[] | undefined;
      readonly renewal: Renewal;
    }
  | { readonly kind: "fill"; readonly outputs: readonly Slot[]; readonly renewal: Renewal }
  | { readonly kind: "values"; readonly outputs: readonly Slot[]; readonly renewal: Renewal };

/** Signals that host code went another way. */
class OtherWay extends Error {}

const other = (): never => {
  throw new OtherWay();
};

/** What describes a tensor for all that follows. */
type Described = Pick<Tensor, "shape"> & { readonly dtype: string };

const isAlike = (a: Described, b: Described): boolean => a.dtype === b.dtype && sameShape(a.shape, b.shape);

/** Whether a kernel gives such tensors as it gave with other attributes. */
function givesAlike(before: readonly Tensor[], name: string, inputs: KernelInputs, attrs: object): boolean {
  const made = shapesOf(name, inputs, attrs);
  return (
    made !== undefined &&
    made.length === before.length &&
    before.every((tensor, i) => isAlike(tensor, made[i] as Described))
  );
}

const areSame = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]): boolean =>
  a.length === b.length && a.every((shape, i) => sameShape(shape, b[i] as readonly number[]));

/** Answers what host code asks for with tensors without data. */
export class Rehearsal implements Interceptor, Recorder {
  wentOtherWay = false;
  private next = 0;
  private readonly events: readonly SectionEvent[];
  private readonly renewals: unknown[];
  private readonly slots: {
    readonly slotOf: (tensor: Tensor) => Slot | undefined;
    readonly tensorOf: (slot: Slot) => Tensor;
  };

  constructor(events: readonly SectionEvent[], renewals: unknown[], slots: Rehearsal["slots"]) {
    this.events = events;
    this.renewals = renewals;
    this.slots = slots;
  }

  get isOver(): boolean {
    return !this.wentOtherWay && this.next === this.events.length;
  }

  private leave(): never {
    this.wentOtherWay = true;
    return other();
  }

  private expect<K extends SectionEvent["kind"]>(kind: K): SectionEvent & { readonly kind: K } {
    const event = this.events[this.next++];
    if (event?.kind !== kind) return this.leave();
    return event as SectionEvent & { readonly kind: K };
  }

  private sameInputs(recorded: readonly (Slot | undefined)[], inputs: KernelInputs): boolean {
    const given = Object.values(inputs);
    if (given.length !== recorded.length) return false;
    for (let i = 0; i < given.length; i++) {
      const tensor = given[i];
      if ((tensor ? this.slots.slotOf(tensor) : undefined) !== recorded[i]) return false;
    }
    return true;
  }

  /** The tensor of a slot: what follows holds for its shape and dtype. */
  private alike([slot]: readonly Slot[], asked: Described): Tensor {
    const made = this.slots.tensorOf(slot as Slot);
    return isAlike(made, asked) ? made : this.leave();
  }

  kernel(name: string, inputs: KernelInputs, attrs: object | undefined): unknown {
    const event = this.expect("kernel");
    if (event.name !== name || !this.sameInputs(event.inputs, inputs)) return this.leave();
    const made = event.outputs.map(this.slots.tensorOf);
    const own = attrs ?? {};
    if (!equalData(event.attrs, own) && (event.renewal === undefined || !givesAlike(made, name, inputs, own)))
      return this.leave();
    if (event.renewal !== undefined) this.renewals[event.renewal] = own;
    return event.isList ? made : made[0];
  }

  values(values: unknown, shape: readonly number[], dtype: string): Tensor {
    const event = this.expect("values");
    this.renewals[event.renewal] = values;
    return this.alike(event.outputs, { shape: [...shape], dtype });
  }

  fuse({ inputs, shapes, loop, kernel }: FuseCall): Tensor[] | undefined {
    const event = this.expect("loop");
    if (!this.sameInputs(event.inputs, inputs) || !areSame(event.shapes, shapes)) return this.leave();
    this.renewals[event.renewal] = { loop, kernel };
    return event.outputs?.map(this.slots.tensorOf);
  }

  compute({ inputs, run }: ComputeCall): Tensor | undefined {
    const event = this.expect("call");
    if (!this.sameInputs(event.inputs, inputs)) return this.leave();
    this.renewals[event.renewal] = run;
    return event.outputs?.map(this.slots.tensorOf)[0];
  }

  fill({ fill, shape, dtype }: FillCall): Tensor {
    const event = this.expect("fill");
    this.renewals[event.renewal] = fill;
    return this.alike(event.outputs, { shape: [...shape], dtype });
  }

  readonly followsSharing = false;
  sharesData(): void {}

  read(): void {
    this.leave();
  }

  derived(): void {}
  opened(): void {}
}
