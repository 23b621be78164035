/**
 * @file Host code between the kernels of a run, such as an optimizer's step: the numbers that it
 * computes change from step to step. For each replay it runs again on tensors without data, which
 * finds these numbers, and whether it asks for the same kernels as before.
 */
import { equalData } from "../data/equal-data.ts";
import { entriesOf, isContainer, mapItems } from "../data/containers.ts";
import {
  type ComputeCall,
  type FillCall,
  type FuseCall,
  type Interceptor,
  intercept,
  isTensor,
  type KernelInputs,
  type Recorder,
  setRecorder,
  standIn,
  type Tensor,
} from "../tensor.ts";
import type { HostSlot } from "./host.ts";
import { isHostObject } from "./host-data.ts";
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

/** A value of the host in the arguments of a section. */
export class HostInput {
  readonly slot: HostSlot;
  constructor(slot: HostSlot) {
    this.slot = slot;
  }
}

/** The values that a section's results are made of, in order. */
export interface SectionResults {
  readonly tensors: readonly Tensor[];
  readonly host: readonly unknown[];
}

/** Tensors and values of the host in nested containers, in order. */
export function partsOf(value: unknown): SectionResults {
  const tensors: Tensor[] = [];
  const host: unknown[] = [];
  addParts(value, tensors, host);
  return { tensors, host };
}

function addParts(x: unknown, tensors: Tensor[], host: unknown[]): void {
  if (typeof x === "number") host.push(x);
  else if (typeof x !== "object" || x === null) return;
  else if (isTensor(x)) tensors.push(x);
  else if (isHostObject(x)) host.push(x);
  else if (Array.isArray(x)) for (let i = 0; i < x.length; i++) addParts(x[i], tensors, host);
  else if (x instanceof Map) for (const item of x.values()) addParts(item, tensors, host);
  else if (isContainer(x)) {
    for (const key of Object.keys(x)) addParts((x as Readonly<Record<string, unknown>>)[key], tensors, host);
  }
}

/** Signals that host code went another way. */
class OtherWay extends Error {}

const other = (): never => {
  throw new OtherWay();
};

/** What a section needs to run again. */
export interface SectionPlan {
  /** The arguments, with {@link HostInput}s, and with tensors of the recorded run. */
  readonly inputs: unknown;
  readonly run: (inputs: unknown) => unknown;
  readonly events: readonly SectionEvent[];
  readonly resultSlots: readonly Slot[];
  readonly slotOf: (tensor: Tensor) => Slot | undefined;
  readonly infoOf: (slot: Slot) => { readonly shape: readonly number[]; readonly dtype: string };
}

/** Host code that runs again for each replay. */
export class Section {
  private readonly plan: SectionPlan;
  private made: MakeInputs | undefined;
  private readonly slots = new Map<number, Slot>();
  private readonly standIns = new Map<Slot, Tensor>();

  constructor(plan: SectionPlan) {
    this.plan = plan;
  }

  /** Made when it runs for the first time. */
  private makeInputs(): MakeInputs {
    const { plan } = this;
    const inputs = mapTensorsIn(plan.inputs, (tensor) => {
      const slot = plan.slotOf(tensor);
      return slot === undefined ? tensor : this.standInFor(slot);
    });
    for (const { outputs = [] } of plan.events) for (const slot of outputs) this.standInFor(slot);
    return inputsMaker(inputs) ?? (() => inputs);
  }

  private standInFor(slot: Slot): Tensor {
    const known = this.standIns.get(slot);
    if (known) return known;
    const { shape, dtype } = this.plan.infoOf(slot);
    const made = standIn(shape, dtype);
    this.standIns.set(slot, made);
    this.slots.set(made.id, slot);
    return made;
  }

  private slotOf(tensor: Tensor): Slot | undefined {
    return this.slots.get(tensor.id) ?? this.plan.slotOf(tensor);
  }

  /**
   * Runs the host code.
   * @param renewals - Gets what it makes anew.
   * @returns the values of the host in its result; nothing where it went another way.
   */
  again(host: readonly unknown[], renewals: unknown[]): readonly unknown[] | undefined {
    this.made ??= this.makeInputs();
    const rehearsal = new Rehearsal(this.plan.events, renewals, {
      slotOf: (tensor) => this.slotOf(tensor),
      tensorOf: (slot) => this.standIns.get(slot) as Tensor,
    });
    const outerInterceptor = intercept(rehearsal);
    const outerRecorder = setRecorder(rehearsal);
    try {
      const result = this.plan.run(this.made(host));
      const { tensors, host: found } = partsOf(result);
      const { resultSlots } = this.plan;
      const isSame =
        rehearsal.isOver &&
        tensors.length === resultSlots.length &&
        tensors.every((tensor, i) => this.slotOf(tensor) === resultSlots[i]);
      return isSame ? found : undefined;
    } catch (error) {
      if (error instanceof OtherWay || rehearsal.wentOtherWay) return undefined;
      throw error;
    } finally {
      intercept(outerInterceptor);
      setRecorder(outerRecorder);
    }
  }
}

function mapTensorsIn(value: unknown, replace: (tensor: Tensor) => Tensor): unknown {
  const map = (x: unknown): unknown => {
    if (typeof x !== "object" || x === null) return x;
    if (isTensor(x)) return replace(x);
    return isContainer(x) ? mapItems(x, map) : x;
  };
  return map(value);
}

/** Makes arguments in which only values of the host differ from those before. */
type MakeInputs = (host: readonly unknown[]) => unknown;

function inputsMaker(value: unknown): MakeInputs | undefined {
  if (value instanceof HostInput) return (host) => host[value.slot];
  if (!isContainer(value)) return undefined;
  const entries = entriesOf(value);
  const makers = entries.map(([, item]) => inputsMaker(item));
  if (makers.every((make) => make === undefined)) {
    if (entries.every(([, item]) => !isContainer(item) || isFixed(item))) markFixed(value);
    return undefined;
  }
  const changing = entries.flatMap(([key], i) => {
    const make = makers[i];
    return make ? [[key as string, make] as const] : [];
  });
  if (Array.isArray(value))
    return (host) => {
      const made: unknown[] = value.slice();
      for (const [key, make] of changing) made[Number(key)] = make(host);
      return made;
    };
  if (value instanceof Map)
    return (host) => {
      const made = new Map<unknown, unknown>(value);
      for (const [key, make] of changing) made.set(key, make(host));
      return made;
    };
  return (host) => {
    const made: Record<string, unknown> = { ...value };
    for (const [key, make] of changing) made[key] = make(host);
    return made;
  };
}

const fixed = new WeakSet<object>();

/**
 * Whether a container never changes, nor what is in it: walks over it can be remembered. Those that
 * host code gets when it runs again are such containers.
 */
export const isFixed = (x: object): boolean => fixed.has(x);

/** Says of a container that it never changes, nor what is in it. */
export function markFixed<T extends object>(x: T): T {
  fixed.add(x);
  return x;
}

const sameShapes = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]): boolean =>
  a.length === b.length && a.every((shape, i) => sameNumbers(shape, b[i] as readonly number[]));

const sameNumbers = (a: readonly number[], b: readonly number[]): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

/** Answers what host code asks for with tensors without data. */
class Rehearsal implements Interceptor, Recorder {
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
