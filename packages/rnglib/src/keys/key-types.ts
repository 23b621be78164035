/** @file Types of arrays of keys that know their axes. */
import type { PRNGKey } from "./prng-key.ts";

/** The shape of an array of keys. It has at least one axis. */
export type KeyAxes = readonly [number, ...number[]];

/** An array of keys whose type has its axes. `split` returns these. */
export interface KeyArray<A extends KeyAxes = KeyAxes> extends PRNGKey {
  readonly shape: A;
  readonly [Symbol.iterator]: () => IterableIterator<KeyWithin<A>>;
  at(index: number): KeyWithin<A>;
}

/** The indices of an array of so many keys. */
interface Indices {
  1: 0;
  2: 0 | 1;
  3: 0 | 1 | 2;
  4: 0 | 1 | 2 | 3;
  5: 0 | 1 | 2 | 3 | 4;
  6: 0 | 1 | 2 | 3 | 4 | 5;
  7: 0 | 1 | 2 | 3 | 4 | 5 | 6;
  8: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;
}

/** The keys of an array of up to eight by their indices, where the type of `N` says how many there are. */
export type KeysAt<N> = N extends keyof Indices ? { readonly [I in Indices[N]]: PRNGKey } : unknown;

/** The type of the elements along the leading axis of an array of keys. */
export type KeyWithin<A extends KeyAxes> = A extends readonly [number, ...infer R extends KeyAxes]
  ? KeyArray<R>
  : PRNGKey;

/**
 * The axes in the type of a key. A plain `PRNGKey` has none, because it is nearly always a single
 * key.
 */
export type KeyAxesOf<K extends PRNGKey> = K extends KeyArray<infer A> ? A : readonly [];
