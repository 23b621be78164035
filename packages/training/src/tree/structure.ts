/**
 * @file Nested arrays and records side by side: the one walk behind all that maps over parameters,
 * updates and states.
 */
import { formatPath, isVariableState, type Path, StructureError } from "@nnxjs/nnx-core";
import { isFixed, isPlainObject } from "@nnxjs/nnx-core/internal";

/** An array or a record. Both are read by key. */
type Branch = Readonly<Record<string, unknown>>;

/** Leaves of a State are plain objects too, but leaves. */
export const isBranch = (x: unknown): x is Branch =>
  (Array.isArray(x) || isPlainObject(x)) && !isVariableState(x);

/**
 * Stands for a structure that may end earlier than the first: a leaf of it is beside everything
 * below. Whether it has arrays or records does not matter.
 * @see JAX on tree prefixes
 */
export class Prefix {
  readonly tree: unknown;

  constructor(tree: unknown) {
    this.tree = tree;
  }

  /** What is beside a key of the first structure. */
  below(key: string): Prefix {
    if (!isBranch(this.tree)) return this;
    return new Prefix(Object.hasOwn(this.tree, key) ? this.tree[key] : undefined);
  }

  isBeside(first: unknown): boolean {
    if (!isBranch(this.tree)) return this.tree !== undefined;
    return isBranch(first) && hasKeys(this.tree, Object.keys(first));
  }
}

/** Where the walk is. */
interface Frame {
  readonly key: string;
  readonly parent: Frame | undefined;
  readonly nodes: readonly (Branch | Prefix)[];
  readonly keys: readonly string[];
  /** What is made of this place, one branch for each result. */
  readonly built: readonly Record<string, unknown>[];
  next: number;
}

/** What the structures have at one place. */
class Row {
  readonly leaves: readonly unknown[];
  readonly frame: Frame;
  private readonly key: string;

  constructor(leaves: readonly unknown[], frame: Frame, key: string) {
    this.leaves = leaves;
    this.frame = frame;
    this.key = key;
  }

  path(): Path {
    return pathOf(this.frame, this.key);
  }

  /** Writes a leaf of a result. */
  put(result: number, value: unknown): void {
    const branch = this.frame.built[result];
    if (branch) branch[this.key] = value;
  }

  /** The row in another walk over the same structures. */
  in(frame: Frame): Row {
    return new Row(this.leaves, frame, this.key);
  }

  /** Leaves a place out of a result. */
  drop(result: number): void {
    const branch = this.frame.built[result];
    if (branch) Reflect.deleteProperty(branch, this.key);
  }
}

/**
 * Rows in the order of the first structure, and results of its structure whose leaves are still to
 * be put.
 */
export interface Aligned {
  readonly rows: readonly Row[];
  /** The results; call it when all leaves are put. */
  readonly finish: () => unknown[];
  /** What structures that never change were compared for; missing where they may. */
  readonly checked?: Set<string>;
}

/** The error for a structure that is not like the first: `got` is what it has at `path`. */
export type Mismatch = (path: Path, index: number, got: unknown) => Error;

/** The walk needs a branch to start from; its one key is no part of paths. */
const root = "root";

/**
 * The leaves of several structures, place by place. All are compared before anything is read from a
 * leaf. Without recursion, since models may be thousands of modules deep. Whatever is neither an
 * array nor a record is a leaf. Structures after the first may be a {@link Prefix}.
 * @param results - How many new structures there will be.
 * @throws what `mismatch` makes, unless all structures have the places of the first and no others;
 * StructureError for a structure inside itself.
 */
export function align(structures: readonly unknown[], results: number, mismatch: Mismatch): Aligned {
  const known = remembered(structures);
  if (known) return known.again(results);
  const start = frameOf(
    root,
    undefined,
    structures.map((structure) => ({ [root]: structure })),
    [root],
    results,
  );
  const frames = [start];
  const rows: Row[] = [];
  const entered = new Set<unknown>();
  let frame: Frame | undefined = start;
  while (frame) {
    const key: string | undefined = frame.keys[frame.next++];
    if (key === undefined) {
      entered.delete(frame.nodes[0]);
      frame = frame.parent;
      continue;
    }
    const { nodes, built }: Frame = frame;
    const first = childOf(nodes[0]!, key);
    const keys = isBranch(first) ? Object.keys(first) : undefined;
    const children: unknown[] = [first];
    for (let i = 1; i < nodes.length; i++) {
      const child = childOf(nodes[i]!, key);
      if (!isAlike(first, keys, child)) throw mismatchAt(first, child, pathOf(frame, key), i, mismatch);
      children.push(child);
    }
    const inner: Frame | undefined =
      keys && frameOf(key, frame, children as (Branch | Prefix)[], keys, results);
    // Leaves get a place too, so that keys stay in order.
    for (let i = 0; i < built.length; i++) built[i]![key] = inner?.built[i];
    if (inner) frames.push(inner);
    if (!inner) rows.push(new Row(children.map(treeOf), frame, key));
    else if (entered.has(first)) throw insideItself(pathOf(frame, key));
    else entered.add(first);
    frame = inner ?? frame;
  }
  remember(structures, frames, rows);
  return { rows, finish: () => start.built.map((branch) => branch[root]) };
}

/** A walk over structures that never change. */
class Walked {
  readonly structures: readonly unknown[];
  /** What the structures were compared for, besides their places. */
  readonly checked: Set<string> = new Set();
  private readonly frames: readonly Frame[];
  /** The number of each frame's parent. */
  private readonly parents: readonly number[];
  private readonly rows: readonly Row[];
  /** The number of each row's frame. */
  private readonly places: readonly number[];

  constructor(structures: readonly unknown[], frames: readonly Frame[], rows: readonly Row[]) {
    this.structures = structures;
    this.frames = frames;
    this.rows = rows;
    const numbers = new Map(frames.map((frame, i) => [frame, i]));
    this.parents = frames.map(({ parent }) => (parent ? (numbers.get(parent) as number) : -1));
    this.places = rows.map(({ frame }) => numbers.get(frame) as number);
  }

  /** What the walk would give. */
  again(results: number): Aligned {
    const { frames, parents, places, rows } = this;
    const made: Frame[] = new Array(frames.length);
    for (let i = 0; i < frames.length; i++) {
      const { key, nodes, keys, next } = frames[i] as Frame;
      const built = newBranches(results, nodes[0]);
      const parent = made[parents[i] as number];
      for (let k = 0; k < built.length; k++) {
        // Leaves get a place too, so that keys stay in order.
        for (const own of keys) (built[k] as Record<string, unknown>)[own] = undefined;
        if (parent) (parent.built[k] as Record<string, unknown>)[key] = built[k];
      }
      made[i] = { key, parent, nodes, keys, built, next };
    }
    const again: Row[] = new Array(rows.length);
    for (let i = 0; i < rows.length; i++) again[i] = (rows[i] as Row).in(made[places[i] as number] as Frame);
    const start = made[0] as Frame;
    return {
      rows: again,
      finish: () => start.built.map((branch) => branch[root]),
      checked: this.checked,
    };
  }
}

const walks = new WeakMap<object, Walked[]>();

/** How many walks are remembered that begin with one structure. */
const mostWalks = 8;

function remembered(structures: readonly unknown[]): Walked | undefined {
  const [first] = structures;
  const known = typeof first === "object" && first !== null ? walks.get(first) : undefined;
  return known?.find(
    (walk) =>
      walk.structures.length === structures.length &&
      walk.structures.every((structure, i) => structure === structures[i]),
  );
}

function remember(structures: readonly unknown[], frames: readonly Frame[], rows: readonly Row[]): void {
  const areFixed = structures.every((each) => typeof each === "object" && each !== null && isFixed(each));
  if (!areFixed) return;
  const known = walks.get(structures[0] as object) ?? [];
  walks.set(structures[0] as object, [...known, new Walked(structures, frames, rows)].slice(-mostWalks));
}

const childOf = (node: Branch | Prefix, key: string): unknown =>
  node instanceof Prefix ? node.below(key) : Object.hasOwn(node, key) ? node[key] : undefined;

const treeOf = (x: unknown): unknown => (x instanceof Prefix ? x.tree : x);

const insideItself = (path: Path): StructureError =>
  new StructureError(
    `Optimizer at ${formatPath(path)}: expected arrays and records that do not contain themselves, got one that does. ` +
      "Put each in one place.",
  );

function frameOf(
  key: string,
  parent: Frame | undefined,
  nodes: readonly (Branch | Prefix)[],
  keys: readonly string[],
  results: number,
): Frame {
  return { key, parent, nodes, keys, built: newBranches(results, nodes[0]), next: 0 };
}

function newBranches(count: number, like: unknown): Record<string, unknown>[] {
  const isArray = Array.isArray(like);
  const made: Record<string, unknown>[] = [];
  for (let i = 0; i < count; i++) made.push(newBranch(isArray));
  return made;
}

/** Records inherit nothing: parameters may be called `constructor` or `__proto__`. */
export const newBranch = (isArray = false): Record<string, unknown> =>
  (isArray ? [] : Object.create(null)) as Record<string, unknown>;

/**
 * Whether another structure may stand beside the first: a leaf by a leaf, an array by an array,
 * with as many items.
 * @param keys - Those of the first; undefined for a leaf.
 */
function isAlike(first: unknown, keys: readonly string[] | undefined, other: unknown): boolean {
  if (other instanceof Prefix) return other.isBeside(first);
  if (!keys) return other !== undefined && !isBranch(other);
  return isBranch(other) && Array.isArray(first) === Array.isArray(other) && hasKeys(other, keys);
}

/** Whether these are all of its keys, in any order. */
function hasKeys(x: Branch, keys: readonly string[]): boolean {
  const own = Object.keys(x);
  return own.length === keys.length && keys.every((key, i) => key === own[i] || Object.hasOwn(x, key));
}

/** Names the very place, where both have branches with different keys. */
function mismatchAt(first: unknown, beside: unknown, path: Path, index: number, mismatch: Mismatch): Error {
  const other = treeOf(beside);
  const mayDiffer = beside instanceof Prefix;
  if (!isBranch(first) || !isBranch(other) || (!mayDiffer && Array.isArray(first) !== Array.isArray(other)))
    return mismatch(path, index, other);
  const keys = new Set([...Object.keys(first), ...Object.keys(other)]);
  const odd = [...keys].find((key) => Object.hasOwn(first, key) !== Object.hasOwn(other, key)) as string;
  return mismatch([...path, odd], index, Object.hasOwn(other, odd) ? other[odd] : undefined);
}

function pathOf(frame: Frame, key: string): Path {
  const path: string[] = [];
  for (let at: Frame = frame, part = key; at.parent; part = at.key, at = at.parent) path.push(part);
  return path.reverse();
}
