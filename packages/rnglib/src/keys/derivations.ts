/**
 * @file Who is told how keys are made of other keys, and when their words are read. Nobody is, as
 * long as nothing is recorded.
 */
import type { PRNGKey } from "./prng-key.ts";

/** Is told of keys. */
export interface KeyObserver {
  /** `make(from)` made the key. */
  derived(made: PRNGKey, from: PRNGKey, make: (from: PRNGKey) => PRNGKey): void;
  /** The words of the key are about to be read. */
  opened(key: PRNGKey): void;
}

let observer: KeyObserver | undefined;

/** Sets who is told, and returns who was told before. */
export function observeKeys(next: KeyObserver | undefined): KeyObserver | undefined {
  const before = observer;
  observer = next;
  return before;
}

/** Makes a key of another one. */
export function derive<K extends PRNGKey>(from: PRNGKey, make: (from: PRNGKey) => K): K {
  const made = make(from);
  observer?.derived(made, from, make);
  return made;
}

/** Tells that the words of a key are about to be read. */
export const open = (key: PRNGKey): void => observer?.opened(key);
