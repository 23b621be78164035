/**
 * @file The one check of what is called a State: every function that takes one asks here, and reads
 * what it gets back.
 */
import { isArrayLike } from "../data/array-like.ts";
import { describe, StructureError } from "../errors.ts";
import { formatPath, type Path } from "../path.ts";
import { isPlainObject } from "../data/plain-object.ts";
import { isVariableState, isVariableType } from "../variable/variable-state.ts";
import { isOwner, refuseEnded } from "./holding.ts";
import { mostContainers, mostLevels } from "./bounds.ts";
import { readOn, rebuild } from "./rebuild.ts";
import { isLeaf, type State, type StateLeaf, type StateNode } from "./state.ts";

/**
 * Whether a State was made by this library and is held: whatever is in it is a State, and frozen.
 */
export const isTrusted = (x: unknown): x is State =>
  typeof x === "object" && x !== null && !Array.isArray(x) && isOwner(x);

/**
 * Whether `x` is such a State.
 * @throws {@link DisposedError} for one that was disposed, or whose scope has ended.
 */
export function isLiveState(where: string, x: unknown): x is State {
  if (isTrusted(x)) return true;
  if (typeof x === "object" && x !== null) refuseEnded(where, x);
  return false;
}

/**
 * The State in a GraphState; anything else as it is. No State has an array in it, so that `nodes`
 * tells them apart.
 */
export function stateIn(x: unknown): unknown {
  if (!isPlainObject(x) || isTrusted(x)) return x;
  const { graphdef } = x;
  return isPlainObject(graphdef) && Array.isArray(graphdef.nodes) && Object.hasOwn(x, "state") ? x.state : x;
}

/** What a search has come by. */
interface Found {
  readonly item: object;
  readonly parent: Found | undefined;
  readonly level: number;
}

/**
 * Whether `x` is a State, or a part of one: a record that ends in leaves of States everywhere, and
 * in a Variable's at least once.
 * @param others - Records that a walk knows to be none; those around what shows that `x` is none
 * are added.
 */
export function isStateLike(x: unknown, others?: Set<object>): x is State {
  if (!isPlainObject(x)) return false;
  if (isTrusted(x)) return true;
  let variables = 0;
  const open: Found[] = [{ item: x, parent: undefined, level: 0 }];
  const seen = new Set<object>();
  for (let next = open.pop(); next; next = open.pop()) {
    const { item, level } = next;
    if (isVariableState(item)) variables++;
    else if (!isArrayLike(item) && !seen.has(item)) {
      const isRecord = isPlainObject(item) && !others?.has(item);
      if (!isRecord || level > mostLevels || seen.size > mostContainers || !addChildren(next, open)) {
        for (let at: Found | undefined = next; at && others; at = at.parent) others.add(at.item);
        return false;
      }
      seen.add(item);
    }
  }
  return variables > 0;
}

/** `false` where one of them can be no part of a State. */
function addChildren(parent: Found, open: Found[]): boolean {
  for (const item of Object.values(parent.item) as readonly unknown[]) {
    if (typeof item !== "object" || item === null) return false;
    open.push({ item, parent, level: parent.level + 1 });
  }
  return true;
}

/**
 * The State that `value` is, or that is in it if it is a GraphState. States that the library made
 * are returned as they are, at no cost; others are read once, from the top to the leaves. What is
 * not frozen in them is copied, so that nobody changes it later.
 * @param where - The function as users call it, such as `mergeState`.
 * @throws {@link StructureError} with the path, for anything else.
 */
export function checkState(where: string, value: unknown): State {
  const given = stateIn(value);
  if (isLiveState(where, given)) return given;
  const leaf = leafFrom(given);
  // The State of a Variable is its leaf: by what may be done with it a State, by its type one that
  // has no subtrees.
  if (leaf) return leaf as unknown as State;
  if (!isPlainObject(given)) throw notState(where, value);
  return read(where, given);
}

/**
 * Nested values by name: a State, or object literals that end in anything. As {@link checkState},
 * but that whatever is no object literal is a value.
 * @param root - Where the values will be, for errors.
 * @throws {@link StructureError} for objects that contain themselves.
 */
export function checkValues(where: string, value: unknown, root: () => Path = noPath): State {
  if (isLiveState(where, value) || isLeaf(value) || !isPlainObject(value)) return value as State;
  return read(where, value, root, (_, child) => child as StateNode);
}

const noPath = (): Path => [];

function read(
  where: string,
  root: Record<string, unknown>,
  prefix: () => Path = noPath,
  other: (path: () => Path, child: unknown) => StateNode = (path, child) => {
    throw notPart(where, path(), child);
  },
): State {
  return rebuild(root, undefined, {
    where,
    prefix,
    below: () => undefined,
    part: (child, _, path) => {
      if (typeof child === "object" && child !== null) refuseEnded(where, child);
      const part = isTrusted(child) ? child : leafFrom(child);
      return part ?? (isPlainObject(child) ? readOn : other(path, child));
    },
  });
}

/** The leaf that something is, frozen. */
function leafFrom(x: unknown): StateLeaf | undefined {
  if (isArrayLike(x)) return x;
  if (!isVariableState(x) || Object.keys(x).length !== 3) return undefined;
  const { type, value, metadata } = x;
  if (!isVariableType(type) || !isPlainObject(metadata)) return undefined;
  return Object.isFrozen(x) ? x : Object.freeze({ type, value, metadata });
}

/**
 * The leaf that a function of users made.
 * @throws {@link StructureError} for what cannot be a leaf.
 */
export function requireLeaf(where: string, path: Path | (() => Path), leaf: unknown): StateLeaf {
  const checked = leafFrom(leaf);
  if (checked) return checked;
  throw new StructureError(
    `${where} at ${formatPath(typeof path === "function" ? path() : path)}: expected a leaf, got ${describe(leaf)}. ` +
      "A leaf is an array, or { type, value, metadata }: copy the one that was there with another value.",
  );
}

const notState = (where: string, got: unknown): StructureError =>
  new StructureError(
    `${where}: expected a State, got ${describe(got)}. Pass what split, state or another function on States returned.`,
  );

const notPart = (where: string, path: Path, got: unknown): StructureError =>
  new StructureError(
    `${where} at ${formatPath(path)}: expected a leaf or a subtree, got ${describe(got)}. A leaf is an array, or ` +
      "{ type, value, metadata }; update, merge and replaceByPure also take values alone.",
  );
