/** @file Who is told of writes to Variables: what undoes them, or refuses them. */
import type { Variable } from "./variable.ts";

/**
 * What happens to a Variable: it is `new`; it is about to be written to (its value, its metadata,
 * or by being disposed); or it is about to get a value for the time of a run, or its own one back.
 */
export type WriteKind = "new" | "write" | "loan";

/** Sees what happens to Variables. What it throws, the write throws. */
export type WriteObserver = (variable: Variable, kind: WriteKind) => void;

/** To be called before a write; read by `Variable` alone. */
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
 * Runs `f` while `see` sees what happens to Variables. Whoever observes already sees it too,
 * afterwards.
 */
export function observeWrites<R>(see: WriteObserver, f: () => R): R {
  const outer = observer;
  if (!outer) return observed(see, f);
  return observed((variable, kind) => {
    see(variable, kind);
    outer(variable, kind);
  }, f);
}

/** Runs `f`, whose writes put copies in the place of values for a while. */
export function lending(f: () => void): void {
  const see = observer;
  if (see) observed((variable) => see(variable, "loan"), f);
  else f();
}

/** Runs `f`, whose writes put back what was seen to be written: nobody sees them. */
export const unobserved = (f: () => void): void => observed(undefined, f);
