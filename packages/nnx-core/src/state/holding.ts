/**
 * @file Which tensors a State holds, from the moment it is made until it is disposed or collected.
 */
import { disposeSymbol } from "../data/dispose-symbol.ts";
import { printingAs } from "../data/printing.ts";
import { disposedAdvice, DisposedError, endedText } from "../errors.ts";
import { discard, hasDisposed, hold, type Lease } from "../ownership/lease.ts";
import { forgetThing, giveThingToScope, isScopeOpen, type ScopeKind } from "../ownership/scopes.ts";
import { formatPath, type Path } from "../path.ts";
import { outline, stateNodes } from "./outline.ts";
import { isLeaf, heldValue, type OwnedState, type State, type StateNode } from "./state.ts";

/**
 * The lease of each State and list of patches, with one value for each leaf. The lease stays here
 * after it has ended, so that later uses can be refused.
 */
const leases = new WeakMap<object, Lease>();

/** A State belongs to the scope that it is made in. */
const ofScope: ScopeKind<object> = {
  end: (owner) => leases.get(owner)?.handOver(),
  leave: (owner) => leases.get(owner)?.holdForGood(),
  store: (owner) => {
    leases.get(owner)?.handOver();
    leases.delete(owner);
  },
};

/**
 * Freezes an object, and holds the values for it until it is disposed or the open scope ends.
 * @throws {@link DisposedError} when a tensor in them was disposed; nothing is held then.
 */
export function own<T extends object>(owner: T, values: readonly unknown[]): T & Disposable {
  const made = withLease(owner, hold(values, isScopeOpen() ? "lent" : "for good"));
  giveThingToScope(made, ofScope);
  return made;
}

function withLease<T extends object>(owner: T, lease: Lease): T & Disposable {
  // Not enumerable, so that code that compares, copies or prints the owner sees plain data.
  Object.defineProperty(owner, disposeSymbol, { value: disposeThis });
  Object.freeze(owner);
  leases.set(owner, lease);
  return owner as T & Disposable;
}

/**
 * Makes a State of a root whose subtrees are frozen.
 * @throws {@link DisposedError} with the path, when a tensor in it was disposed.
 */
export const makeState = (root: Record<string, StateNode>, values: readonly unknown[]): OwnedState =>
  located(root, () => own(printable(root), values));

/** As {@link makeState}, for a State that a model keeps. It does not belong to a scope. */
export const makeKeptState = (root: Record<string, StateNode>, values: readonly unknown[]): OwnedState =>
  located(root, () => withLease(printable(root), hold(values, "for good")));

const printable = printingAs<State>(
  (state) => outline(state, stateNodes, { name: "State" }),
  (state) => outline(state, stateNodes, { name: "State", withValues: true }),
);

function located<R>(root: StateNode, make: () => R): R {
  try {
    return make();
  } catch (error) {
    throw error instanceof DisposedError ? disposedLeaf("State", root) : error;
  }
}

/** The error for a leaf of a State with a disposed tensor. */
export function disposedLeaf(where: string, state: StateNode): DisposedError {
  const open: (readonly [Path, StateNode])[] = [[[], state]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [path, node] = next;
    if (!isLeaf(node)) for (const [key, child] of Object.entries(node)) open.push([[...path, key], child]);
    else if (hasDisposed(heldValue(node))) return new DisposedError(disposedValueText(where, path));
  }
  return new DisposedError(disposedValueText(where, []));
}

export const disposedValueText = (where: string, path: Path): string =>
  `${where} at ${formatPath(path)}: expected a value of live tensors, got one that was disposed. ${disposedAdvice}`;

/**
 * Releases what an owner holds. Tensors that others hold too stay alive. Calling it twice is
 * harmless.
 */
export function disposeOwner(owner: object): void {
  forgetThing(owner);
  const lease = leases.get(owner);
  if (!lease) return;
  const { values } = lease;
  lease.release();
  // Also in a scope, where tensors would otherwise live until the scope ends: nobody can read a
  // disposed State.
  discard(values);
}

/** @throws {@link DisposedError} for a State that was disposed, or whose scope has ended. */
export function refuseEnded(where: string, state: object): void {
  const end = leases.get(state)?.end;
  if (end !== undefined) throw new DisposedError(endedText(where, "State", end === "released"));
}

/** Whether `x` holds tensors itself. Roots of States and lists of patches do; subtrees do not. */
export function isOwner(x: object): boolean {
  const lease = leases.get(x);
  return lease !== undefined && lease.end === undefined;
}

/** What a State holds, which takes less time to look through than the State; any other value itself. */
export const heldBy = (value: unknown): unknown =>
  (typeof value === "object" && value !== null && leases.get(value)?.values) || value;

/** The number of leaves of a State that holds its tensors; `undefined` for others. */
export function leafCountOf(state: object): number | undefined {
  const values = leases.get(state)?.values;
  return values === undefined ? undefined : (values as readonly unknown[]).length;
}

function disposeThis(this: object): void {
  disposeOwner(this);
}
