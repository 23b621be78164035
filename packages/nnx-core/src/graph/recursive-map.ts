/** @file Models from models: everything through a function, children first. */
import { checkFunction } from "../data/functions.ts";
import { describe, StructureError } from "../errors.ts";
import { formatPath, type Path, type PathPart } from "../path.ts";
import { checkState, isStateLike } from "../state/check-state.ts";
import { leavesOf } from "../state/flatten-state.ts";
import { hold } from "../state/holding.ts";
import { leafValue } from "../state/state.ts";
import { Variable } from "../variable/variable.ts";
import { partIn } from "./frame.ts";
import { keysOf } from "./keys.ts";
import { clone } from "./merge.ts";
import { childAt, classify, setChild } from "./node.ts";

interface Frame {
  /** What the children are written into; of a State, which is frozen, a copy. */
  readonly value: object;
  /** What the model has there. */
  readonly original: object;
  readonly keys: readonly PathPart[];
  readonly parent: Frame | undefined;
  readonly key: PathPart;
  next: number;
}

/**
 * A copy of the model, around its own Variables, in which everything was replaced by what `f` makes of it, children first: nodes, containers,
 * Variables, arrays and static values. What is shared is mapped once, and shared again. Such a copy owns nothing: see `view`.
 * @throws {@link StructureError} for models with cycles, whose parts have no order.
 * @see Flax `nnx.recursive_map`
 */
export function recursiveMap<M>(f: (path: Path, value: unknown) => unknown, node: M): M {
  checkFunction("recursiveMap", f, "f, model");
  // Whatever `f` made of the root; who maps a model to something else says so.
  return mapAll(f, node) as M;
}

function mapAll(f: (path: Path, value: unknown) => unknown, node: unknown): unknown {
  const root = clone(node, { variables: false });
  const done = new Map<object, unknown>();
  const open = new Set<object>();
  const holding = new Set<object>();
  // Where the walk is; each call of `f` gets a copy.
  const at: PathPart[] = [];
  const start = (value: unknown, key: PathPart, parent: Frame | undefined): Frame | undefined => {
    const kind = classify(value, holding);
    if (kind !== "node" && kind !== "container") return undefined;
    const object = value as object;
    const part = parent && partIn(parent.value, key);
    const path = (): Path => (part === undefined ? [] : at.concat(part));
    if (open.has(object)) throw cycle(path(), object);
    const keys = keysOf(object, path);
    open.add(object);
    if (part !== undefined) at.push(part);
    const copied =
      (parent && parent.value !== parent.original) || isStateLike(object) ? { ...object } : object;
    return { value: copied, original: object, keys, parent, key, next: 0 };
  };
  const leaf = (path: Path, value: unknown): unknown => {
    if (!(value instanceof Variable)) return f(path, value);
    if (!done.has(value)) done.set(value, f(path, value));
    return done.get(value);
  };
  let frame = start(root, "", undefined);
  if (!frame) return leaf([], root);
  for (;;) {
    const current: Frame = frame;
    const key = current.keys[current.next++];
    if (key !== undefined) {
      const child = childAt(current.value, key);
      const known = typeof child === "object" && child !== null && done.has(child);
      const next: Frame | undefined = known ? undefined : start(child, key, current);
      if (next) frame = next;
      else if (known) replace(current.value, key, child, done.get(child));
      else replace(current.value, key, child, leaf(at.concat(partIn(current.value, key)), child));
      continue;
    }
    const result = f(at.slice(), finished(current));
    at.pop();
    open.delete(current.original);
    done.set(current.original, result);
    if (!current.parent) return result;
    replace(current.parent.value, current.key, current.original, result);
    frame = current.parent;
  }
}

/** The node, container or State with its new children; what did not change is the model's own. */
function finished({ value, original, parent, keys }: Frame): object {
  if (value === original || keys.every((key) => childAt(value, key) === childAt(original, key)))
    return original;
  // A part of a State is closed with the whole.
  const inState = parent !== undefined && parent.value !== parent.original;
  if (inState || !isStateLike(value)) return value;
  const state = checkState("recursiveMap", value);
  return hold({ ...state }, leavesOf(state).map(leafValue));
}

function replace(owner: object, key: PathPart, before: unknown, after: unknown): void {
  if (!Object.is(before, after)) setChild(owner, key, after);
}

const cycle = (path: Path, value: object): StructureError =>
  new StructureError(
    `recursiveMap at ${formatPath(path)}: expected a model without cycles, got ${describe(value)} inside itself. ` +
      "A part cannot come before and after itself: use map, which goes over leaves only.",
  );
