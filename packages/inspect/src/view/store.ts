/** @file What is looked at, and who has to know when that changes. */
import type { ReportData } from "../format/report-data.ts";
import { type Item, itemsOf, type Moment } from "./items.ts";

/** What changed: the moment, the data of the same model, or what else may be on the page. */
export type Change = "moment" | "data" | "theme";

export class Store {
  data: ReportData;
  items: ReadonlyMap<string, Item>;
  moment: Moment = { at: undefined, minus: undefined };
  /** Announces a text to screen readers, and shows it for a while. */
  say: (text: string) => void = () => {};
  private readonly listeners = new Set<(change: Change) => void>();

  constructor(data: ReportData) {
    this.data = data;
    this.items = itemsOf(data);
    if (data.tensors.length === 0 && this.steps > 0) this.moment = { at: this.steps - 1, minus: undefined };
  }

  /** How many steps were recorded. */
  get steps(): number {
    return this.data.history?.steps.length ?? 0;
  }

  get bins(): number {
    return this.data.history?.bins ?? 0;
  }

  setMoment(moment: Moment): void {
    this.moment = moment;
    this.tell("moment");
  }

  setData(data: ReportData): void {
    const wasLast = this.moment.at === this.steps - 1;
    this.data = data;
    this.items = itemsOf(data);
    const { at, minus } = this.moment;
    const last = this.steps - 1;
    // Who looked at the last step keeps looking at the last step.
    const next = at === undefined ? undefined : wasLast ? last : Math.min(at, last);
    this.moment = { at: next, minus: minus === undefined ? undefined : Math.min(minus, last) };
    this.tell("data");
  }

  /** @returns what ends it. */
  listen(listener: (change: Change) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  tell(change: Change): void {
    for (const listener of this.listeners) listener(change);
  }
}
