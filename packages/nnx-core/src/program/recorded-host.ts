/** @file The host's part of a recording: its steps, and the objects that they give. */
import type { HostSlot, HostWork } from "./host.ts";
import { watchHostObject } from "./host-data.ts";

/** The steps of a run, and which of them gives a key or another such object. */
export class RecordedHost {
  readonly works: HostWork[] = [];
  private readonly slots = new WeakMap<object, HostSlot>();
  /** Each ends the watch of an object, when the run ends. */
  private readonly watches: (() => void)[] = [];

  add(work: HostWork): HostSlot {
    this.works.push(work);
    return this.works.length - 1;
  }

  /** Notes that an object is the result of a step. */
  note(object: object, slot: HostSlot): void {
    const end = watchHostObject(object);
    if (end) this.watches.push(end);
    this.slots.set(object, slot);
  }

  /** The step whose result an object is. */
  slotOf(object: object): HostSlot | undefined {
    return this.slots.get(object);
  }

  /** Watches the objects no longer. */
  endWatches(): void {
    for (const end of this.watches.splice(0)) end();
  }
}
