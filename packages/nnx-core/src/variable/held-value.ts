/**
 * @file How a Variable holds its value: for good, or until the end of the scope that the Variable
 * is made in.
 */
import { freezeContainers } from "../ownership/freeze.ts";
import { variableLease } from "../ownership/lease.ts";
import {
  forgetThing,
  giveThingToScope,
  isOfScope,
  isScopeOpen,
  type ScopeKind,
  storeThings,
} from "../ownership/scopes.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import type { Variable } from "./variable.ts";

/** In the place of a value that was let go: by hand, or at the end of a scope. */
export const released: unique symbol = Symbol("released");
const handedOver: unique symbol = Symbol("handedOver");
export type Gone = typeof released | typeof handedOver;

export const isGone = (value: unknown): value is Gone =>
  typeof value === "symbol" && (value === released || value === handedOver);

/** What the class alone sees. */
interface Access {
  valueOf(variable: Variable): unknown;
  /** Takes the value away. */
  empty(variable: Variable, why: Gone): void;
}
let access: Access;
export const setAccess = (given: Access): void => {
  access = given;
};

/**
 * What a constructor made may be an attribute of a module from before the scope: it ends as a part
 * of one that was made in it.
 */
const made: ScopeKind<Variable> = {
  isLoose: true,
  end(variable) {
    const value = access.valueOf(variable);
    // Without tensors there is nothing to free, and it may be a stream that a module from before
    // goes on with.
    if (tensorsIn(value).length === 0) return;
    access.empty(variable, handedOver);
    variableLease.handOver(value);
  },
  leave: (variable) => variableLease.holdForGood(access.valueOf(variable)),
};

/** What was merged is a part of nothing else. */
const merged: ScopeKind<Variable> = { ...made, isLoose: false };

/**
 * Makes the scope that is open, if there is one, the owner of a Variable that no module from before
 * can have.
 */
export function giveVariableToScope<V extends Variable>(variable: V): V {
  giveThingToScope(variable, merged);
  return variable;
}

/** Holds the value of a new Variable. */
export function holdFirst(variable: Variable, value: unknown): void {
  freezeContainers(value);
  const isInScope = isScopeOpen();
  variableLease.hold(value, !isInScope);
  if (!isInScope) return;
  storeThings(value);
  giveThingToScope(variable, made);
}

/** Holds a Variable's next value, and lets go of the last. */
export function holdNext(variable: Variable, next: unknown, last: unknown): void {
  freezeContainers(next);
  const isForGood = !isOfScope(variable);
  variableLease.hold(next, isForGood);
  storeThings(next);
  if (isForGood) variableLease.release(last);
  else variableLease.handOver(last);
}

/** Releases the value of a Variable that is disposed, and takes it away. */
export function releaseValue(variable: Variable): void {
  forgetThing(variable);
  const value = access.valueOf(variable);
  access.empty(variable, released);
  variableLease.release(value);
}
