/**
 * @file Who is told which keys are used up: by a sampler, or by `split`. Nobody is, unless a test
 * asks. A sampler that splits its key, or draws with parts of it, uses the key once.
 */
import type { PRNGKey } from "./prng-key.ts";

/** Is told of the uses of keys. */
export interface UseObserver {
  /** The sampler or `split` is about to use the key. It may throw. */
  used(key: PRNGKey, where: string): void;
  /** `random.clone` made the key, which may be used again. */
  cloned(key: PRNGKey): void;
}

let observer: UseObserver | undefined;

/** Runs a function, and tells the observer of the uses of keys in it. */
export function observeUses<R>(next: UseObserver, run: () => R): R {
  const before = observer;
  observer = next;
  try {
    return run();
  } finally {
    observer = before;
  }
}

/** Runs a sampler that uses the key. */
export function use<R>(key: PRNGKey, where: string, run: () => R): R {
  if (observer === undefined) return run();
  const told = observer;
  told.used(key, where);
  observer = undefined;
  try {
    return run();
  } finally {
    observer = told;
  }
}

/** Tells that a key is a clone. */
export const noteClone = (key: PRNGKey): void => observer?.cloned(key);
