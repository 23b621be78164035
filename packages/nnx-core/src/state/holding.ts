/**
 * @file Which tensors a State holds, from the moment it is made until it is disposed or collected.
 */
import { disposeSymbol } from "../data/dispose-symbol.ts";
import { disposedAdvice, DisposedError } from "../errors.ts";
import {
  claim,
  claimHeld,
  discard,
  hasDisposed,
  release,
  releaseAtEnd,
  retain,
} from "../ownership/holders.ts";
import { forgetThing, giveThingToScope, isScopeOpen, type ScopeKind } from "../ownership/scopes.ts";
import { formatPath, type Path } from "../path.ts";
import { isLeaf, leafValue, type OwnedState, type State, type StateNode } from "./state.ts";

/** What each State and list of patches holds; as many values as it has leaves. */
const heldBy = new WeakMap<object, readonly unknown[]>();

/** Those that let go, and why. */
const ended = new WeakMap<object, "disposed" | "scope">();

/** States belong to the scope they are made in. */
const ofScope: ScopeKind<object> = {
  end: (owner) => letGo(owner, "scope", releaseAtEnd),
  leave: (owner) => claimHeld(heldBy.get(owner)),
  store: (owner) => {
    const values = heldBy.get(owner);
    heldBy.delete(owner);
    releaseAtEnd(values);
  },
};

/**
 * Freezes an object, and holds these values for it until it is disposed, or the scope that is open
 * ends.
 * @throws {@link DisposedError} when a tensor in them was disposed; nothing is held then.
 */
export function own<T extends object>(owner: T, values: readonly unknown[]): T & Disposable {
  const made = isScopeOpen() ? ownAs(owner, values, retain) : ownAs(owner, values, claim);
  giveThingToScope(made, ofScope);
  return made;
}

function ownAs<T extends object>(
  owner: T,
  values: readonly unknown[],
  holdAll: (values: unknown) => void,
): T & Disposable {
  holdAll(values);
  // Not enumerable: the owner stays plain data to everything that compares, copies or prints it.
  Object.defineProperty(owner, disposeSymbol, { value: disposeThis });
  Object.freeze(owner);
  heldBy.set(owner, values);
  return owner as T & Disposable;
}

/**
 * Makes a State of a root whose subtrees are frozen.
 * @throws {@link DisposedError} with the path, when a tensor in it was disposed.
 */
export const hold = (root: Record<string, StateNode>, values: readonly unknown[]): OwnedState =>
  located(root, () => own(root as State, values));

/** As {@link hold}, for a State that a model keeps: it is no scope's. */
export const holdAlways = (root: Record<string, StateNode>, values: readonly unknown[]): OwnedState =>
  located(root, () => ownAs(root as State, values, claim));

function located<R>(root: StateNode, make: () => R): R {
  try {
    return make();
  } catch (error) {
    throw error instanceof DisposedError ? disposedLeaf("State", root) : error;
  }
}

/** The error for the first leaf of a State with a tensor that was disposed. */
export function disposedLeaf(where: string, state: StateNode): DisposedError {
  const open: (readonly [Path, StateNode])[] = [[[], state]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [path, node] = next;
    if (!isLeaf(node)) for (const [key, child] of Object.entries(node)) open.push([[...path, key], child]);
    else if (hasDisposed(leafValue(node))) return new DisposedError(disposedValueText(where, path));
  }
  return new DisposedError(disposedValueText(where, []));
}

export const disposedValueText = (where: string, path: Path): string =>
  `${where} at ${formatPath(path)}: expected a value of live tensors, got one that was disposed. ${disposedAdvice}`;

function letGo(owner: object, why: "disposed" | "scope", how: (values: unknown) => void): void {
  const values = heldBy.get(owner);
  if (!values) return;
  heldBy.delete(owner);
  ended.set(owner, why);
  how(values);
}

/**
 * Releases what an owner holds. Tensors that others hold too live on; doing it twice is harmless.
 */
export function disposeOwner(owner: object): void {
  forgetThing(owner);
  letGo(owner, "disposed", (values) => {
    release(values);
    discard(values);
  });
}

/** @throws {@link DisposedError} for a State that was disposed, or whose scope has ended. */
export function refuseEnded(where: string, state: object): void {
  const why = ended.get(state);
  if (why === undefined) return;
  throw new DisposedError(
    why === "disposed"
      ? `${where}: expected a live State, got one that was disposed. Dispose States only after their last use.`
      : `${where}: expected a live State, got one that belonged to a scope (tf.tidy, or a gradient's) that has ended. ` +
          "Return it from the scope, or keep it with nnx.keep.",
  );
}

/** Whether this holds tensors of its own: the root of a State, or patches. */
export const isOwner = (x: object): boolean => heldBy.has(x);

/** How many leaves a State that holds its tensors has; `undefined` for others. */
export const leafCountOf = (state: object): number | undefined => heldBy.get(state)?.length;

function disposeThis(this: object): void {
  disposeOwner(this);
}
