/** @file Models from models: every leaf, or everything, through a function. */
import { describe, StructureError } from "../errors.ts";
import { formatPath, type Path, type PathPart } from "../path.ts";
import { disposeState } from "../state/builder.ts";
import { mapState, withValue } from "../state/map.ts";
import { isLeaf, leafValue, type OwnedState, type StateLeaf, type StateNode } from "../state/state.ts";
import { Variable } from "../variable/variable.ts";
import { keysOf, partOfMapKey } from "./keys.ts";
import { clone } from "./merge.ts";
import { childAt, classify, setChild } from "./node.ts";
import { take } from "./split.ts";
import { unflatten } from "./unflatten.ts";

/** How {@link map} treats results. */
export interface MapOptions {
  /** A value that `f` returns becomes a Variable of the old type and metadata; `false` puts it in the Variable's place. @defaultValue true */
  recreateVariables?: boolean;
}

/**
 * A new model whose leaves are what `f` makes of the model's: a leaf `{ type, value, metadata }`, or a value alone. The model stays as it is.
 * @see Flax `nnx.map`
 */
export function map<M>(
  f: (path: Path, leaf: StateLeaf) => unknown,
  node: M,
  { recreateVariables = true }: MapOptions = {},
): M {
  const [graphdef, states] = take("map", node, [], { exhaustive: true });
  // Where Variables are not made again: the value in the place of each, by its leaf.
  const bare = new Map<StateLeaf, unknown>();
  const [values] = states as [OwnedState];
  let mapped = values;
  try {
    mapped = mapState((path, leaf) => {
      const result = f(path, leaf);
      if (
        typeof result === "object" &&
        result !== null &&
        isLeaf(result as StateNode) &&
        "metadata" in result
      )
        return result as StateLeaf;
      if (recreateVariables) return withValue(leaf, result);
      // A leaf of its own, since equal leaves would be one key.
      const stand = Object.freeze({ ...leaf }) as StateLeaf;
      bare.set(stand, result);
      return stand;
    }, values);
    return bare.size === 0
      ? unflatten(graphdef, [mapped])
      : unflatten(graphdef, [mapped], (_, leaf) => (bare.has(leaf) ? bare.get(leaf) : leafValue(leaf)));
  } finally {
    for (const each of [values, mapped]) disposeState(each);
  }
}

interface Frame {
  readonly value: object;
  readonly keys: readonly PathPart[];
  readonly parent: Frame | undefined;
  readonly key: PathPart;
  next: number;
}

/** Where a child of a frame is; the frame itself without a key. */
function pathTo(frame: Frame | undefined, ...key: PathPart[]): Path {
  const path: PathPart[] = [];
  for (const part of key) path.push(frame?.value instanceof Map ? partOfMapKey(part) : part);
  for (let f = frame; f?.parent; f = f.parent)
    path.push(f.parent.value instanceof Map ? partOfMapKey(f.key) : f.key);
  return path.reverse();
}

/**
 * A copy of the model, around its own Variables, in which everything was replaced by what `f` makes of it, children first: nodes, containers,
 * Variables, arrays and static values. What is shared is mapped once, and shared again. Such a copy owns nothing: see `view`.
 * @throws {@link StructureError} for models with cycles, whose parts have no order.
 * @see Flax `nnx.recursive_map`
 */
export function recursiveMap(f: (path: Path, value: unknown) => unknown, node: unknown): unknown {
  const root = clone(node, { variables: false });
  const done = new Map<object, unknown>();
  const open = new Set<object>();
  const start = (value: unknown, key: PathPart, parent: Frame | undefined): Frame | undefined => {
    const kind = classify(value);
    if (kind !== "node" && kind !== "container") return undefined;
    const object = value as object;
    const path = (): Path => (parent ? pathTo(parent, key) : []);
    if (open.has(object)) throw cycle(path(), object);
    open.add(object);
    return { value: object, keys: keysOf(object, path), parent, key, next: 0 };
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
      else replace(current.value, key, child, known ? done.get(child) : leaf(pathTo(current, key), child));
      continue;
    }
    const result = f(pathTo(current), current.value);
    open.delete(current.value);
    done.set(current.value, result);
    if (!current.parent) return result;
    replace(current.parent.value, current.key, current.value, result);
    frame = current.parent;
  }
}

function replace(owner: object, key: PathPart, before: unknown, after: unknown): void {
  if (!Object.is(before, after)) setChild(owner, key, after);
}

const cycle = (path: Path, value: object): StructureError =>
  new StructureError(
    `recursiveMap at ${formatPath(path)}: expected a model without cycles, got ${describe(value)} inside itself. ` +
      "A part cannot come before and after itself: use map, which goes over leaves only.",
  );
