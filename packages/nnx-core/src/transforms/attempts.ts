/** @file When one run for all slices is tried again with a function, after that did not work. */
import type { Structure } from "../undo/structure.ts";

/** An attempt costs as much as one or two slices. */
interface Tries {
  /** How many attempts have failed, one after the other. */
  failed: number;
  /** How many calls make none. */
  rest: number;
}

/** Of so many calls one at least makes an attempt. */
const LEAST = 16;

/**
 * The attempts of one function. It has them anew for each structure of its arguments: modes are part
 * of that.
 */
export class Attempts {
  private readonly all = new WeakMap<Structure, Tries>();

  /** Whether a call makes an attempt. What failed once is tried again at once. */
  isDue(structure: Structure): boolean {
    const tries = this.all.get(structure);
    return !tries || tries.rest-- <= 0;
  }

  note(structure: Structure, hasWorked: boolean): void {
    const failed = hasWorked ? 0 : (this.all.get(structure)?.failed ?? 0) + 1;
    if (failed === 0) this.all.delete(structure);
    else this.all.set(structure, { failed, rest: Math.min(2 ** (failed - 1), LEAST) - 1 });
  }
}
