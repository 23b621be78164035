/**
 * @file Holds the values of Variables. A Variable made in a scope holds its value until the scope
 * ends, any other Variable for good.
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
import { isLending } from "./observer.ts";
import type { Variable } from "./variable.ts";

/** Replaces a value that was disposed by hand. `handedOver` replaces one that a scope ended. */
export const released: unique symbol = Symbol("released");
const handedOver: unique symbol = Symbol("handedOver");
export type Gone = typeof released | typeof handedOver;

export const isGone = (value: unknown): value is Gone =>
  typeof value === "symbol" && (value === released || value === handedOver);

/** Access to the private parts of `Variable`. */
interface Access {
  valueOf(variable: Variable): unknown;
  /** Replaces the value with the reason why it is gone. */
  empty(variable: Variable, why: Gone): void;
}
let access: Access;
export const setAccess = (given: Access): void => {
  access = given;
};

/**
 * Variables that a constructor made. A module older than the scope may have one as an attribute.
 * So the scope does not end it by itself, but as a part of a module that was made in the scope.
 */
const made: ScopeKind<Variable> = {
  isLoose: true,
  end(variable) {
    const value = access.valueOf(variable);
    // Without tensors there is nothing to free. The Variable may also be a stream that an older
    // module still uses.
    if (tensorsIn(value).length === 0) return;
    access.empty(variable, handedOver);
    variableLease.handOver(value);
  },
  leave: (variable) => variableLease.holdForGood(access.valueOf(variable)),
};

/** Variables that `merge` made. No older module has them, so the scope ends them by itself. */
const merged: ScopeKind<Variable> = { ...made, isLoose: false };

/**
 * Makes the innermost open scope, if there is one, the owner of a Variable. No module older than
 * the scope may have that Variable.
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
  variableLease.hold(next, isForGood && !isLending);
  storeThings(next);
  if (isForGood) variableLease.release(last);
  else variableLease.handOver(last);
}

/** Releases the value of a Variable that is being disposed, and puts `released` in its place. */
export function releaseValue(variable: Variable): void {
  forgetThing(variable);
  const value = access.valueOf(variable);
  access.empty(variable, released);
  variableLease.release(value);
}
