/**
 * @file Who holds a Variable's value: the Variable, for good or until the end of the scope that it
 * is made in.
 */
import { freezeContainers } from "../ownership/freeze.ts";
import { claim, claimHeld, release, releaseAtEnd, retain } from "../ownership/holders.ts";
import {
  giveThingToScope,
  isOfScope,
  isScopeOpen,
  type ScopeKind,
  storeThings,
} from "../ownership/scopes.ts";
import type { Variable } from "./variable.ts";

/** In the place of a value that was let go: by hand, or at the end of a scope. */
export const disposed: unique symbol = Symbol("disposed");
export const ofEndedScope: unique symbol = Symbol("ofEndedScope");
export type Gone = typeof disposed | typeof ofEndedScope;

export const isGone = (value: unknown): value is Gone => value === disposed || value === ofEndedScope;

/** What is said of a Variable without a value. */
export const goneText = (typeName: string, gone: unknown): string =>
  `${typeName}.value: expected a live Variable, got one that ` +
  (gone === disposed
    ? "was disposed. Dispose a model only after its last use, or clone it before."
    : "belonged to a scope (tf.tidy, or a gradient's) that has ended. Return the model from the scope, or keep it with nnx.keep.");

/** What the class alone sees. */
interface Access {
  valueOf(variable: Variable): unknown;
  endWithScope(variable: Variable): void;
}
let access: Access | undefined;
export const setAccess = (given: Access): void => {
  access = given;
};

/**
 * What a constructor made may be an attribute of a module from before the scope: it ends as a part
 * of one that was made in it.
 */
const made: ScopeKind<Variable> = {
  isLoose: true,
  end: (variable) => access?.endWithScope(variable),
  leave: (variable) => claimHeld(access?.valueOf(variable)),
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
  if (isScopeOpen()) {
    retain(value);
    storeThings(value);
    giveThingToScope(variable, made);
  } else claim(value);
}

/** Holds the next value of a Variable. */
export function holdNext(variable: Variable, value: unknown): void {
  freezeContainers(value);
  if (isOfScope(variable)) retain(value);
  else claim(value);
  storeThings(value);
}

/** Lets go of a Variable's value that was replaced. */
export const letGoLast = (variable: Variable, value: unknown): void =>
  isOfScope(variable) ? releaseAtEnd(value) : release(value);
