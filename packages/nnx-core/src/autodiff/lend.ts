/**
 * @file While a function is differentiated, copies stand in the model in the place of its values.
 * The modules and Variables stay the user's own: `===` holds in the function, and what it writes
 * stays written.
 */
import { GradientError } from "../errors.ts";
import type { LeafPlace } from "../graph/flatten.ts";
import { childAt, isWritable, setChild } from "../graph/node.ts";
import { hold, type Lease } from "../ownership/lease.ts";
import type { Tensor } from "../tensor.ts";
import { lending, unread } from "../variable/observer.ts";
import { glance } from "../variable/unseen.ts";
import type { VariableState } from "../variable/variable-state.ts";
import { Variable } from "../variable/variable.ts";
import type { Preparation } from "./differentiable.ts";
import { watch } from "./watched-values.ts";

/** What lends its value: a Variable, or the place of a tensor that has no Variable around it. */
export type Lender = Variable | LeafPlace;

/**
 * What is put back in the end. Of a Variable it is the leaf, so that States of the model before and
 * after the run share that object.
 */
const ownOf = (lender: Lender): unknown =>
  lender instanceof Variable
    ? unread(() => glance(lender, (variable) => variable.toState()))
    : presentValue(lender);

const presentValue = (lender: Lender): unknown =>
  lender instanceof Variable
    ? unread(() => glance(lender, (variable) => variable.getRawValue()))
    : childAt(lender.owner, lender.key);

interface Loan {
  readonly lender: Lender;
  /** See {@link ownOf}. */
  readonly own: unknown;
  readonly copy: unknown;
  /** Of the own value of a Variable, which does not have it meanwhile. */
  readonly lease: Lease | undefined;
}

/** The values that one argument lends. */
export class Loans {
  readonly watched: Tensor[] = [];
  private readonly loans: Loan[] = [];
  private readonly how: Preparation;

  constructor(how: Preparation) {
    this.how = how;
  }

  /**
   * Puts watched copies in the place of the float tensors of a value.
   * @returns whether the value has float tensors.
   */
  lend(lender: Lender, place: () => string): boolean {
    const { watched } = this;
    const own = ownOf(lender);
    const original = presentValue(lender);
    const before = watched.length;
    const value = watch(original, place, this.how, watched);
    if (watched.length === before) return false;
    let lease: Lease | undefined;
    if (lender instanceof Variable) {
      lease = hold(original, "lent");
      lending(() => {
        lender.setRawValue(value);
      });
    } else {
      refuseReadOnly(this.how.where, lender, place);
      setChild(lender.owner, lender.key, value);
    }
    this.loans.push({ lender, own, copy: presentValue(lender), lease });
    return true;
  }

  /** Puts the lender's own values back, except where the function has written another value. */
  restore(): void {
    lending(() => {
      for (const { lender, own, copy, lease } of this.loans) {
        if (lender instanceof Variable) restoreVariable(lender, own as VariableState, copy);
        else if (presentValue(lender) === copy) setChild(lender.owner, lender.key, own);
        lease?.release();
      }
    });
    this.loans.length = 0;
  }
}

function restoreVariable(variable: Variable, own: VariableState, copy: unknown): void {
  if (!variable.isDisposed && unread(() => variable.getRawValue()) === copy) {
    if (variable.metadata === own.metadata) variable.takeState(own);
    else variable.setRawValue(own.value);
  }
}

function refuseReadOnly(where: string, { owner, key }: LeafPlace, place: () => string): void {
  if (isWritable(owner, key)) return;
  throw new GradientError(
    `${where}: expected ${place()} to be an attribute that can be written, got one of a frozen object. ` +
      "Put the tensor into a Param, or do not freeze what has it.",
  );
}
