/**
 * @file Host code between the kernels of a run, such as an optimizer's step: the numbers that it
 * computes change from step to step. For each replay it runs again on tensors without data, which
 * finds these numbers, and whether it asks for the same kernels as before.
 */
import { intercept, setRecorder, standIn, type Tensor } from "../tensor.ts";
import type { Slot } from "./program.ts";
import { Rehearsal, type SectionEvent } from "./rehearsal.ts";
import { inputsMaker, type MakeInputs, mapTensorsIn } from "./section-inputs.ts";
import { partsOf } from "./section-parts.ts";

/** What a section needs to run again. */
export interface SectionPlan {
  /** The arguments, with {@link HostInput}s, and with tensors of the recorded run. */
  readonly inputs: unknown;
  readonly run: (inputs: unknown) => unknown;
  readonly events: readonly SectionEvent[];
  readonly resultSlots: readonly Slot[];
  /** How many values of the host are in the result. */
  readonly hostCount: number;
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
    // Loops and host code may dispose what they made.
    if (known && !known.isDisposed) return known;
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
      tensorOf: (slot) => this.standInFor(slot),
    });
    const outerInterceptor = intercept(rehearsal);
    const outerRecorder = setRecorder(rehearsal);
    try {
      const result = this.plan.run(this.made(host));
      const { tensors, host: found } = partsOf(result);
      const { resultSlots, hostCount } = this.plan;
      const isSame =
        rehearsal.isOver &&
        found.length === hostCount &&
        tensors.length === resultSlots.length &&
        tensors.every((tensor, i) => this.slotOf(tensor) === resultSlots[i]);
      return isSame ? found : undefined;
    } catch {
      // What fails without data may do with them, and fails again where it does not.
      return undefined;
    } finally {
      intercept(outerInterceptor);
      setRecorder(outerRecorder);
    }
  }
}
