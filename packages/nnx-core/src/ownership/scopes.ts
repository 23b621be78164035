/**
 * @file What is made in a scope beside tensors (Variables, States, modules): the scope owns it, as
 * it owns tensors, until it is returned or kept. The engine knows of tensors only, so this is told
 * when scopes end.
 */
import { forEachObject, isContainer } from "../data/containers.ts";
import { isTensor } from "../tensor.ts";
import { innermostScope, innermostScopes, inScope, onScopeEnd, type Scope } from "./tensor-scopes.ts";

/** What becomes of things of one kind when their scope ends. */
export interface ScopeKind<T extends object = never> {
  /** Nobody took the thing: it lets go of what it holds. */
  end(thing: T): void;
  /** It was returned from the outermost scope, or kept. */
  leave(thing: T): void;
  /** It is in a Variable, which holds what is in it. */
  store?(thing: T): void;
  /** Of things that have others: what in them may go with them. */
  partsOf?(thing: T): Iterable<object>;
  /**
   * Whether it may be a part of something that was there before the scope, which nobody can tell:
   * it ends as a part of what is made in the scope, not by itself.
   */
  readonly isLoose?: boolean;
}

/** In the order in which they were made. */
type Things = Map<object, ScopeKind<never>>;

const thingsOf = new WeakMap<Scope, Things>();
const ownerOf = new WeakMap<object, Things>();

/** How many scopes own something; the engine is watched only meanwhile. */
let owning = 0;
let stopWatching: () => void = () => {};

/** Makes the innermost open scope the owner of a thing; `false` where no scope is open. */
export function giveThingToScope<T extends object>(thing: T, kind: ScopeKind<T>): boolean {
  const scope = innermostScope();
  if (!scope) return false;
  put(thing, kind, scope);
  return true;
}

function put(thing: object, kind: ScopeKind<never>, scope: Scope): void {
  let things = thingsOf.get(scope);
  if (!things) {
    things = new Map();
    thingsOf.set(scope, things);
    if (owning++ === 0) stopWatching = onScopeEnd(end);
  }
  things.set(thing, kind);
  ownerOf.set(thing, things);
}

/** Whether what is made now is a scope's. */
export const isScopeOpen: () => boolean = inScope;

/** Whether a scope that is open owns the thing. */
export const isOfScope = (thing: object): boolean => owning > 0 && ownerOf.has(thing);

/** Takes a thing from its scope: it was disposed. */
export function forgetThing(thing: object): void {
  if (owning === 0) return;
  ownerOf.get(thing)?.delete(thing);
  ownerOf.delete(thing);
}

/** Takes a thing from its scope: it is kept. */
export function keepThing(thing: object): void {
  const kind = ownerOf.get(thing)?.get(thing);
  forgetThing(thing);
  kind?.leave(thing as never);
}

/** Takes from their scope the things in what a Variable has just stored. */
export function storeThings(value: unknown): void {
  if (owning === 0 || typeof value !== "object" || value === null || isTensor(value)) return;
  forEachObject(value, (object) => {
    const kind = ownerOf.get(object)?.get(object);
    if (!kind?.store) return isContainer(object);
    forgetThing(object);
    kind.store(object as never);
    return false;
  });
}

/** What is given to runs that are going on: what they attach to it belongs to it. */
const given: unknown[] = [];

/**
 * From now on what is attached to `root` goes from each scope that ends to the one around it.
 * Returns how to stop, to be called in the scope in which this was.
 */
export function attachTo(root: unknown): () => void {
  given.push(root);
  return () => {
    const index = given.lastIndexOf(root);
    if (index < 0) return;
    given.splice(index, 1);
    const [scope, outer] = innermostScopes();
    const things = scope && thingsOf.get(scope);
    if (!things) return;
    for (const thing of foundIn(root, things)) moveThing(thing, things, outer);
  };
}

function moveThing(thing: object, things: Things, outer: Scope | undefined): void {
  const kind = things.get(thing) as ScopeKind<never>;
  forgetThing(thing);
  if (outer) put(thing, kind, outer);
  else kind.leave(thing as never);
}

function end(scope: Scope, result: unknown, outer: Scope | undefined): void {
  const things = thingsOf.get(scope);
  if (!things) return;
  thingsOf.delete(scope);
  try {
    endThings(things, result, outer);
  } finally {
    if (--owning === 0) stopWatching();
  }
}

function endThings(things: Things, result: unknown, outer: Scope | undefined): void {
  // The last one is searched first: mostly nothing of what was given has to be searched.
  const returned = foundIn(given.length > 0 ? [given, result] : result, things);
  const finish = (thing: object, kind: ScopeKind<never>): void => {
    forgetThing(thing);
    kind.end(thing as never);
  };
  for (const [thing, kind] of things) {
    if (returned.has(thing) || kind.isLoose) continue;
    for (const part of kind.partsOf?.(thing as never) ?? []) {
      const ofPart = things.get(part);
      if (ofPart && !returned.has(part)) finish(part, ofPart);
    }
    finish(thing, kind);
  }
  for (const thing of [...things.keys()]) moveThing(thing, things, outer);
}

/** Which of the things are in a result. */
function foundIn(result: unknown, things: Things): ReadonlySet<object> {
  const found = new Set<object>();
  try {
    forEachObject(result, (object) => {
      if (found.size === things.size) return false;
      const kind = things.get(object);
      if (kind) found.add(object);
      // Only modules have others in them.
      return kind ? kind.partsOf !== undefined : !isTensor(object);
    });
    return found;
  } catch {
    // An accessor of the user's threw: the engine, which looks next, says so. Nothing is freed that
    // somebody may have.
    return new Set(things.keys());
  }
}
