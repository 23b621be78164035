/**
 * @file How a Variable holds its value: with a Lease, for good or until the end of the scope that
 * the Variable is made in.
 */
import { freezeContainers } from "../ownership/freeze.ts";
import { Lease } from "../ownership/lease.ts";
import { giveThingToScope, isScopeOpen, type ScopeKind, storeThings } from "../ownership/scopes.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import type { Variable } from "./variable.ts";

/** A symbol, so that who lists a Variable's fields does not come by it. */
const leaseKey: unique symbol = Symbol("nnx.lease");
interface Leased {
  [leaseKey]: Lease;
}

/** A Variable's hold on the tensors in its value. */
export const leaseOf = (variable: Variable): Lease => (variable as unknown as Leased)[leaseKey];

/** Gives a new Variable its Lease, which holds nothing yet. */
export function startLease(variable: object): void {
  (variable as Leased)[leaseKey] = new Lease(!isScopeOpen());
}

/** Holds a value for a Variable, in the place of the one that it has. */
export function holdValue(variable: Variable, value: unknown): void {
  freezeContainers(value);
  leaseOf(variable).replace(value);
  storeThings(value);
}

/** Takes the value away that a Variable's Lease had; only the class can. */
let empty: (variable: Variable) => void;
export const setEmpty = (given: typeof empty): void => {
  empty = given;
};

/**
 * What a constructor made may be an attribute of a module from before the scope: it ends as a part
 * of one that was made in it.
 */
const made: ScopeKind<Variable> = {
  isLoose: true,
  end(variable) {
    const lease = leaseOf(variable);
    // Without tensors there is nothing to free, and it may be a stream that a module from before
    // goes on with.
    if (tensorsIn(lease.values).length === 0) lease.holdForGood();
    else {
      lease.handOver();
      empty(variable);
    }
  },
  leave: (variable) => leaseOf(variable).holdForGood(),
};

/** What was merged is a part of nothing else. */
const merged: ScopeKind<Variable> = { ...made, isLoose: false };

/** Makes the scope that is open, if there is one, the owner of a new Variable. */
export const giveNewToScope = (variable: Variable): boolean => giveThingToScope(variable, made);

/** As {@link giveNewToScope}, for a Variable that no module from before can have. */
export function giveVariableToScope<V extends Variable>(variable: V): V {
  giveThingToScope(variable, merged);
  return variable;
}
