/** @file Records Variables before the first write to each, so that the writes can be undone. */
import { hasDisposed, hold, type Lease } from "../ownership/lease.ts";
import { unobserved, unread, type WriteKind } from "../variable/observer.ts";
import type { VariableState } from "../variable/variable-state.ts";
import type { Variable } from "../variable/variable.ts";

/** Records the Variables that a run writes to, in its arguments or closed over. */
export class Journal {
  private readonly before = new Map<Variable, readonly [leaf: VariableState, lease: Lease]>();
  /** Variables that the run makes. They have no earlier value to restore. */
  private readonly made = new Set<Variable>();

  /** To be called before each write. */
  note(variable: Variable, kind: WriteKind): void {
    if (kind === "new") this.made.add(variable);
    else if (!this.before.has(variable) && !this.made.has(variable) && !variable.isDisposed) {
      const leaf = unread(() => variable.toState());
      // A disposed value cannot be restored. Keep the new value, which repairs the model.
      if (hasDisposed(leaf.value)) return;
      this.before.set(variable, [leaf, hold(leaf.value, "lent")]);
    }
  }

  /** Whether the run made this Variable. */
  isMade(variable: Variable): boolean {
    return this.made.has(variable);
  }

  /** Puts every Variable back as it was. */
  undo(): void {
    unobserved(() => {
      for (const [variable, [leaf, lease]] of this.before) {
        if (!hasDisposed(leaf.value)) variable.takeState(leaf);
        lease.release();
      }
    });
    this.before.clear();
  }

  /** Lets go of the old values. */
  forget(): void {
    for (const [, lease] of this.before.values()) lease.release();
    this.before.clear();
  }
}
