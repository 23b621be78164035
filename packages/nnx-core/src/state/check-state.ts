/**
 * @file The check of State arguments. Every function that takes a State calls it, and works on the
 * State that it returns.
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
 * Whether this library made a State, and the State still holds its tensors. All parts of such a
 * State are valid and frozen.
 */
export const isTrusted = (x: unknown): x is State =>
  typeof x === "object" && x !== null && !Array.isArray(x) && isOwner(x);

/**
 * As {@link isTrusted}, but throws for a State that has ended.
 * @throws {@link DisposedError} for one that was disposed, or whose scope has ended.
 */
export function isLiveState(where: string, x: unknown): x is State {
  if (isTrusted(x)) return true;
  if (typeof x === "object" && x !== null) refuseEnded(where, x);
  return false;
}

/**
 * Returns the State in a GraphState, and anything else as it is. No State contains a plain array,
 * so an array under `graphdef.nodes` shows that this is a GraphState.
 */
export function stateIn(x: unknown): unknown {
  if (!isPlainObject(x) || isTrusted(x)) return x;
  const { graphdef } = x;
  return isPlainObject(graphdef) && Array.isArray(graphdef.nodes) && Object.hasOwn(x, "state") ? x.state : x;
}

/** An object that the search has found, and how it got there. */
interface Found {
  readonly item: object;
  readonly parent: Found | undefined;
  readonly level: number;
}

/**
 * Whether `x` is a State, or a part of one. That is a record that contains only subtrees and
 * leaves, and the leaf of a Variable at least once.
 * @param others - Records that a walk knows are not States. When `x` is not a State, the records
 * around the child that shows this are added.
 */
export function isStateLike(x: unknown, others?: Set<object>): x is State {
  if (!isPlainObject(x)) return false;
  if (isTrusted(x) || isVariableState(x)) return true;
  if (others?.has(x)) return false;
  // Most records are not, and one look at their children shows it.
  for (const key in x) if (!mayBeInState(x[key])) return false;
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

const mayBeInState = (x: unknown): boolean => isPlainObject(x) || isVariableState(x) || isArrayLike(x);

/**
 * Adds the children of a record to the search. Returns `false` if one of them cannot be part of a
 * State.
 */
function addChildren(parent: Found, open: Found[]): boolean {
  for (const item of Object.values(parent.item) as readonly unknown[]) {
    if (typeof item !== "object" || item === null) return false;
    open.push({ item, parent, level: parent.level + 1 });
  }
  return true;
}

/**
 * Returns the State that `value` is, or the State of a GraphState. A State that the library made is
 * returned as it is, without being read. Others are read completely, and their parts that are not
 * frozen are copied, so that later changes to them have no effect.
 * @param where - The function as users call it, such as `mergeState`.
 * @throws {@link StructureError} with the path, for anything else.
 */
export function checkState(where: string, value: unknown): State {
  const given = stateIn(value);
  if (isLiveState(where, given)) return given;
  const leaf = leafFrom(given);
  // The State of a Variable is its leaf. The cast is needed because the State type promises
  // subtrees by key, and a leaf has none.
  if (leaf) return leaf as unknown as State;
  if (!isPlainObject(given)) throw notState(where, value);
  return read(where, given);
}

/**
 * As {@link checkState}, for a State or nested object literals of any values. Everything that is
 * not an object literal counts as a value.
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

/** Returns `x` as a frozen leaf, or `undefined` if it is not a leaf. */
function leafFrom(x: unknown): StateLeaf | undefined {
  if (isArrayLike(x)) return x;
  if (!isVariableState(x) || Object.keys(x).length !== 3) return undefined;
  const { type, metadata } = x;
  if (!isVariableType(type) || !isPlainObject(metadata)) return undefined;
  return Object.isFrozen(x) ? x : Object.freeze({ type, value: x.value, metadata });
}

/**
 * Checks and returns a leaf that a user's function made.
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
