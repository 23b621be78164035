/** @file Host code that runs again is answered with tensors without data, as long as it asks for the same. */
import { equalData } from "../data/equal-data.ts";
import type {
  ComputeCall,
  FillCall,
  FuseCall,
  Interceptor,
  KernelInputs,
  Recorder,
  Tensor,
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
export class OtherWay extends Error {}

const other = (): never => {
  throw new OtherWay();
};

const sameShapes = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]): boolean =>
  a.length === b.length && a.every((shape, i) => sameNumbers(shape, b[i] as readonly number[]));

const sameNumbers = (a: readonly number[], b: readonly number[]): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

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

  kernel(name: string, inputs: KernelInputs, attrs: object | undefined): unknown {
    const event = this.expect("kernel");
    if (event.name !== name || !this.sameInputs(event.inputs, inputs)) return this.leave();
    if (event.renewal !== undefined) this.renewals[event.renewal] = attrs ?? {};
    else if (!equalData(event.attrs, attrs)) return this.leave();
    const made = event.outputs.map(this.slots.tensorOf);
    return event.isList ? made : made[0];
  }

  values(values: unknown): Tensor {
    const event = this.expect("values");
    this.renewals[event.renewal] = values;
    return this.slots.tensorOf(event.outputs[0] as Slot);
  }

  fuse({ inputs, shapes, loop, kernel }: FuseCall): Tensor[] | undefined {
    const event = this.expect("loop");
    if (!this.sameInputs(event.inputs, inputs) || !sameShapes(event.shapes, shapes)) return this.leave();
    this.renewals[event.renewal] = { loop, kernel };
    return event.outputs?.map(this.slots.tensorOf);
  }

  compute({ inputs, run }: ComputeCall): Tensor | undefined {
    const event = this.expect("call");
    if (!this.sameInputs(event.inputs, inputs)) return this.leave();
    this.renewals[event.renewal] = run;
    return event.outputs?.map(this.slots.tensorOf)[0];
  }

  fill({ fill }: FillCall): Tensor {
    const event = this.expect("fill");
    this.renewals[event.renewal] = fill;
    return this.slots.tensorOf(event.outputs[0] as Slot);
  }

  readonly followsSharing = false;
  sharesData(): void {}

  read(): void {
    this.leave();
  }

  derived(): void {}
  opened(): void {}
}
