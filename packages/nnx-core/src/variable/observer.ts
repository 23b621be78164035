/** @file Observers of writes to Variables. An observer can record writes or refuse them. */
import type { Variable } from "./variable.ts";
import type { VariableState } from "./variable-state.ts";

/**
 * The events of a Variable. `new`: it was just made. `write`: its value or metadata are about to be
 * replaced, or it is about to be disposed. `loan`: it is about to get another value for the time of
 * a run, or to get its own value back.
 */
export type WriteKind = "new" | "write" | "loan";

/** Called for each event of a Variable. An error that it throws stops the write. */
export type WriteObserver = (variable: Variable, kind: WriteKind) => void;

/** The current observer. It is called before each write, and for each new Variable. */
export let observer: WriteObserver | undefined;

/** Runs `f` with an observer, or without any. */
function observed<R>(see: WriteObserver | undefined, f: () => R): R {
  const outer = observer;
  observer = see;
  try {
    return f();
  } finally {
    observer = outer;
  }
}

/**
 * Runs `f` and calls `see` for each event of a Variable. An observer that is already set is called
 * after `see`.
 */
export function observeWrites<R>(see: WriteObserver, f: () => R): R {
  const outer = observer;
  if (!outer) return observed(see, f);
  return observed((variable, kind) => {
    see(variable, kind);
    outer(variable, kind);
  }, f);
}

/** Whether the values that are written now are lent: whoever writes them takes them back. */
export let isLending = false;

/** Runs `f`, which lends values to Variables. An observer sees its writes as writes. */
export function asLoan(f: () => void): void {
  const outer = isLending;
  isLending = true;
  try {
    f();
  } finally {
    isLending = outer;
  }
}

/** Runs `f`, which lends values to Variables: the observer sees its writes as loans. */
export function lending(f: () => void): void {
  const see = observer;
  if (see)
    observed(
      (variable) => see(variable, "loan"),
      () => asLoan(f),
    );
  else asLoan(f);
}

/** Runs `f` without an observer. `f` undoes writes, and observers must not record that. */
export const unobserved = (f: () => void): void => observed(undefined, f);

/** Sees what changes nothing. An error that it throws stops it. */
export interface ReadObserver {
  /** A value is about to be read. */
  read(variable: Variable): void;
  /** The leaf of a Variable is about to be taken. @returns what is taken. */
  taken(variable: Variable, leaf: VariableState): VariableState;
  /** The value of a watched leaf is about to be read. */
  readLeaf(leaf: VariableState): void;
  /**
   * A Variable was given the value that it has.
   * @param isLeaf - Whether it was given the very leaf that it has.
   */
  kept(variable: Variable, isLeaf: boolean): void;
}

/** The current observer of reads. */
export let readObserver: ReadObserver | undefined;

function readBy<R>(see: ReadObserver | undefined, f: () => R): R {
  const outer = readObserver;
  readObserver = see;
  try {
    return f();
  } finally {
    readObserver = outer;
  }
}

/** Runs `f` and tells `see` of each read of a Variable's value. */
export const observeReads = <R>(see: ReadObserver, f: () => R): R => readBy(see, f);

/** Runs `f` and calls `see` before each read, whoever else observes them. */
export function alsoObserveReads<R>(see: (variable: Variable) => void, f: () => R): R {
  const outer = readObserver;
  return readBy(
    {
      read: (variable) => {
        see(variable);
        outer?.read(variable);
      },
      taken: (variable, leaf) => {
        see(variable);
        return outer?.taken(variable, leaf) ?? leaf;
      },
      readLeaf: (leaf) => outer?.readLeaf(leaf),
      kept: (variable, isLeaf) => outer?.kept(variable, isLeaf),
    },
    f,
  );
}

/** Runs `f`, whose reads do not count: it restores or compares values, and computes nothing. */
export const unread = <R>(f: () => R): R => (readObserver ? readBy(undefined, f) : f());
