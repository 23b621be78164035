/** @file Holds what one step of a loop hands to the next, and frees it after its last use. */
import { discard, hold, type Lease } from "../ownership/lease.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import { isRecording, scoped, type Tensor, zeros } from "../tensor.ts";

/**
 * What steps hand on. Tensors that are older than the loop are never freed, nor those that somebody
 * holds or that are among the results of a step.
 */
export class HandedOn {
  value: unknown;
  private readonly results = new Set<Tensor>();
  private readonly oldest: number;
  private lease: Lease | undefined;

  /** Make it after everything that is not handed on. */
  constructor(init: unknown) {
    this.value = init;
    // Without a carry nothing is handed on. While a gradient is recorded, the tape has all of it.
    this.oldest = init === undefined || isRecording() ? Number.POSITIVE_INFINITY : scoped(() => zeros([])).id;
  }

  /** @param result - What the step returned beside it. */
  next(value: unknown, result: unknown): void {
    const { value: last, oldest, results } = this;
    if (value === undefined && last === undefined) return;
    // A later step may replace the value of a Variable that this one handed on.
    const lease = hold(value, "lent");
    this.end();
    this.lease = lease;
    this.value = value;
    if (oldest === Number.POSITIVE_INFINITY || last === undefined) return;
    for (const tensor of tensorsIn(result)) results.add(tensor);
    const kept = new Set(tensorsIn(value));
    discard(tensorsIn(last).filter((each) => each.id > oldest && !results.has(each) && !kept.has(each)));
  }

  /** Leaves the last value to the open scope. */
  end(): void {
    this.lease?.handOver();
    this.lease = undefined;
  }
}
