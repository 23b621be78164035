/** @file Copies in the place of a model's own values for the time of a run; identity and later writes are the model's own. */
import { GradientError } from "../errors.ts";
import type { LeafPlace } from "../graph/flatten.ts";
import { childAt, isWritable, setChild } from "../graph/node.ts";
import { release, retain } from "../ownership/holders.ts";
import type { Tensor } from "../tensor.ts";
import { lending } from "../variable/observer.ts";
import { Variable } from "../variable/variable.ts";
import type { Preparation } from "./differentiable.ts";
import { watch } from "./watched-values.ts";

/** A Variable, or where a tensor stands without one. */
export type Lender = Variable | LeafPlace;

const presentValue = (lender: Lender): unknown =>
  lender instanceof Variable ? lender.getRawValue() : childAt(lender.owner, lender.key);

interface Loan {
  readonly lender: Lender;
  readonly original: unknown;
  readonly copy: unknown;
}

/** What was lent of one argument. */
export class Loans {
  readonly watched: Tensor[] = [];
  private readonly loans: Loan[] = [];
  private readonly how: Preparation;

  constructor(how: Preparation) {
    this.how = how;
  }

  /**
   * Puts watched copies in the place of a value's float tensors.
   * @returns whether it has any.
   */
  lend(lender: Lender, place: () => string): boolean {
    const { watched } = this;
    const original = presentValue(lender);
    const before = watched.length;
    const value = watch(original, place, this.how, watched);
    if (watched.length === before) return false;
    if (lender instanceof Variable) {
      retain(original);
      lending(() => {
        lender.setRawValue(value);
      });
    } else {
      refuseReadOnly(this.how.where, lender, place);
      setChild(lender.owner, lender.key, value);
    }
    this.loans.push({ lender, original, copy: presentValue(lender) });
    return true;
  }

  /** Puts the own values back. What the function wrote meanwhile stays. */
  restore(): void {
    lending(() => {
      for (const { lender, original, copy } of this.loans) {
        if (lender instanceof Variable) {
          if (!lender.isDisposed && lender.getRawValue() === copy) lender.setRawValue(original);
          release(original);
        } else if (presentValue(lender) === copy) setChild(lender.owner, lender.key, original);
      }
    });
    this.loans.length = 0;
  }
}

function refuseReadOnly(where: string, { owner, key }: LeafPlace, place: () => string): void {
  if (isWritable(owner, key)) return;
  throw new GradientError(
    `${where}: expected ${place()} to be an attribute that can be written, got one of a frozen object. ` +
      "Put the tensor into a Param, or do not freeze what has it.",
  );
}
