/**
 * @file Values that nobody but their Variable has. An optimizer may write over them: what reads a
 * Variable, or takes its leaf for a State, ends that, for whoever has read a value may keep it.
 */
import { observer, readObserver } from "./observer.ts";
import type { Variable } from "./variable.ts";

/** Access to the private parts of `Variable`. */
interface UnseenAccess {
  isUnseen(variable: Variable): boolean;
  setUnseen(variable: Variable): void;
  /** Whether no subclass overrides what reads and writes. */
  isPlain(variable: Variable): boolean;
}
let access: UnseenAccess;
export const setUnseenAccess = (given: UnseenAccess): void => {
  access = given;
};

/** Whether reads and writes run no code of a subclass. */
export const isPlainVariable = (variable: Variable): boolean => access.isPlain(variable);

/** Whether nobody sees what is read and written now: no run that is recorded, or can be undone. */
export const isUnobserved = (): boolean => observer === undefined && readObserver === undefined;

/** Whether nobody has read the value that the Variable has. */
export const isUnseen = (variable: Variable): boolean => access.isUnseen(variable);

/**
 * Says that nobody else has the tensor in a Variable. To be called by who made it, and wrote it.
 */
export function noteUnseen(variable: Variable): void {
  if (access.isPlain(variable) && isUnobserved()) access.setUnseen(variable);
}

/**
 * Reads of a Variable for a while: what `read` gets of it is not handed on, and does not count.
 */
export function glance<V extends Variable, R>(variable: V, read: (variable: V) => R): R {
  if (!access.isUnseen(variable) || !isUnobserved()) return read(variable);
  const result = read(variable);
  access.setUnseen(variable);
  return result;
}
