/** @file Which tensors a State holds, from the moment it is made until it is disposed or collected. */
import { disposeSymbol } from "../dispose-symbol.ts";
import { adopt, discard, release, retain } from "../ownership/holders.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import type { OwnedState, State, StateNode } from "./state.ts";

interface Held {
  /** What was retained for it. */
  readonly retained: readonly unknown[];
  /** All values in it; as many as it has leaves. */
  readonly values: readonly unknown[];
}

const heldBy = new WeakMap<object, Held>();

/** Freezes an object, and holds these values for it until it is disposed. */
export const own = <T extends object>(owner: T, values: readonly unknown[]): T & Disposable =>
  ownAs(owner, { retained: adopt(values), values });

function ownAs<T extends object>(owner: T, held: Held): T & Disposable {
  // Not enumerable: the owner stays plain data to everything that compares, copies or prints it.
  Object.defineProperty(owner, disposeSymbol, { value: disposeThis });
  heldBy.set(owner, held);
  return Object.freeze(owner) as T & Disposable;
}

/** Makes a State of a root whose subtrees are frozen. */
export const hold = (root: Record<string, StateNode>, values: readonly unknown[]): OwnedState =>
  own(root as State, values);

/** As {@link hold}, for a State that a model keeps: no scope frees what is in it. */
export function holdAlways(root: Record<string, StateNode>, values: readonly unknown[]): OwnedState {
  retain(values);
  return ownAs(root as State, { retained: tensorsIn(values), values });
}

/** Releases what an owner holds. Tensors that others hold too live on; doing it twice is harmless. */
export function disposeOwner(owner: object): void {
  const held = heldBy.get(owner);
  if (!held) return;
  heldBy.delete(owner);
  release(held.retained);
  discard(held.values);
}

/** Whether this holds tensors of its own: the root of a State, or patches. */
export const isOwner = (x: object): boolean => heldBy.has(x);

/** How many leaves a State that holds its tensors has; `undefined` for others. */
export const leafCountOf = (state: object): number | undefined => heldBy.get(state)?.values.length;

function disposeThis(this: object): void {
  disposeOwner(this);
}
