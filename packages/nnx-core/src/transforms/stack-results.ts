/** @file Stacks the results of many calls into one. */
import { isStateLike } from "../state/check-state.ts";
import { describe, StructureError } from "../errors.ts";
import { containerFrom, containerKind, ownKeysOf } from "../data/containers.ts";
import { childAt, GraphNode } from "../graph/node.ts";
import { formatPath, type Path, type PathPart } from "../path.ts";
import { type FlatEntry, flattenState, unflattenState } from "../state/flatten-state.ts";
import { isOwner, leafCountOf } from "../state/holding.ts";
import { withValue } from "../state/map.ts";
import { below, isLeaf, leafValue, type State, type StateLeaf, type StateNode } from "../state/state.ts";
import { type ArrayLike, isArrayLike } from "../data/array-like.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import { isTensor, type Tensor } from "../tensor.ts";
import { isVariableState, sameMetadata, type VariableState } from "../variable/variable-state.ts";
import { Variable } from "../variable/variable.ts";
import { type MapAxes, axesBelow, axisOfLeaf } from "./axes.ts";
import type { Joining } from "./joining.ts";
import { joinNewLeaves, newLeavesIn, type Origins } from "./new-leaves.ts";

type Primitive = string | number | bigint | boolean | symbol | null | undefined;

/** The type of many values as one: tensors have another rank. */
export type StackedOf<T> = 0 extends 1 & T
  ? T
  : State extends T
    ? T
    : T extends Tensor
      ? Tensor
      : T extends Primitive | GraphNode | Variable | ArrayLike | ((...args: never) => unknown)
        ? T
        : T extends VariableState<infer V, infer C>
          ? VariableState<StackedOf<V>, C>
          : T extends ReadonlyMap<infer K, infer V>
            ? Map<K, StackedOf<V>>
            : { [K in keyof T]: StackedOf<T[K]> };

/** Any value. Where it infers a type, a list that is written in place is a tuple. */
export type Structure = NonNullable<unknown> | null | undefined | readonly [];

/** Results put together: the tensors, and how to make the whole. */
export interface Stacked {
  readonly tensors: readonly Tensor[];
  /** Modules and Variables that the run made. They hold their values already. */
  readonly nodes: readonly object[];
  /**
   * Builds the result. Call it outside the scope in which the tensors were made, so that its States
   * outlive that scope.
   */
  build(): unknown;
}

/** Whose results are stacked. */
export interface StackContext {
  /** What error messages call the function. */
  readonly where: string;
  /** The slice that ran last. Its modules and Variables stay. */
  readonly last: number;
  readonly origins: Origins;
  /** New Variables that have the values of all slices already. */
  readonly done: Set<Variable>;
  readonly joining: Joining;
}

/**
 * Stacks the tensors of results that have one structure.
 * @throws {@link StructureError} when the results differ in structure.
 */
export const stackResults = (results: readonly unknown[], context: StackContext, axes: MapAxes): Stacked =>
  stack(results, context, axes, []);

const ofSame = (value: unknown): Stacked => ({
  tensors: tensorsIn(value),
  nodes: isNode(value) ? [value] : [],
  build: () => value,
});

const isNode = (x: unknown): x is GraphNode | Variable => x instanceof GraphNode || x instanceof Variable;

function stack(items: readonly unknown[], context: StackContext, axes: MapAxes, path: Path): Stacked {
  const { where, last, joining } = context;
  const [first] = items;
  const fits = (test: (item: unknown) => boolean): void => {
    const odd = items.findIndex((item) => !test(item));
    if (odd >= 0) throw misfit(where, path, first, items[odd], odd);
  };
  const at = (): string => placeAt(where, path);
  if (isVariableState(first)) {
    fits(isVariableState);
    for (const [index, item] of items.entries()) refuseOtherLeaf(at, first, item as VariableState, index);
  }
  if (isNode(first)) {
    fits((item) => isNode(item) && Object.getPrototypeOf(item) === Object.getPrototypeOf(first));
    return stackNodes(items as readonly object[], context, axes, path);
  }
  if (isTensor(first) || isArrayLike(first)) {
    const axis = axisOfLeaf(at, axes, undefined, first);
    const odd = (item: unknown, index: number): StructureError => misfit(where, path, first, item, index);
    if (typeof axis !== "number") return ofSame(joining.same(items, last, odd));
    const stacked = joining.stack(items, axis, odd);
    return { tensors: tensorsIn(stacked), nodes: [], build: () => stacked };
  }
  if (isState(first)) {
    fits(isState);
    return stackStates(items as readonly State[], context, axes, path, fits);
  }
  const kind = containerKind(first);
  if (kind === undefined) {
    const odd = items.findIndex((item) => !Object.is(item, first));
    if (odd < 0) return ofSame(first);
    throw different(where, path, first, items[odd], odd);
  }
  const keys = sortedKeys(first as object);
  fits((item) => containerKind(item) === kind && haveSame(keys, sortedKeys(item as object)));
  const parts = keys.map((key) => {
    const own = items.map((item) => childAt(item as object, key));
    return [key, stack(own, context, axesBelow(at(), axes, first as object, key), [...path, key])] as const;
  });
  return {
    tensors: parts.flatMap(([, part]) => part.tensors),
    nodes: parts.flatMap(([, part]) => part.nodes),
    build: () =>
      containerFrom(
        kind,
        parts.map(([key, part]) => [key, part.build()] as const),
      ),
  };
}

/** What of an argument is returned stays itself. What is new gets the values of all slices. */
function stackNodes(
  nodes: readonly object[],
  { where, last, origins, done, joining }: StackContext,
  axes: MapAxes,
  path: Path,
): Stacked {
  const at = placeAt(where, path);
  const slices = nodes.map((node) => newLeavesIn(node, at, origins));
  joinNewLeaves(at, slices, last, axes, done, joining);
  return ofSame(nodes[last]);
}

/**
 * The keys of a container in a fixed order, so that the order in the first slice does not count.
 */
const sortedKeys = (container: object): readonly PathPart[] =>
  containerKind(container) === "record"
    ? Object.keys(container).sort()
    : (ownKeysOf(container) as readonly PathPart[]);

function stackStates(
  states: readonly State[],
  { where, last, joining }: StackContext,
  axes: MapAxes,
  path: Path,
  fits: (test: (item: unknown) => boolean) => void,
): Stacked {
  const first = flattenState(states[0] as State);
  const leaves = states.map((state) => leavesAt(state, first));
  let checked = 0;
  fits(() => leaves[checked++] !== undefined);
  const parts = first.map(([at, leaf], i) => {
    for (const [index, each] of leaves.entries())
      refuseOtherLeaf(
        () => placeAt(where, [...path, ...at]),
        leaf,
        (each as readonly StateLeaf[])[i] as StateLeaf,
        index,
      );
    const values = leaves.map((each) => leafValue((each as readonly StateLeaf[])[i] as StateLeaf));
    const odd = (value: unknown, index: number): StructureError =>
      misfit(where, [...path, ...at], values[0], value, index);
    const axis = axisOfLeaf(() => placeAt(where, path), axes, at, leaf);
    return [
      at,
      leaf,
      typeof axis === "number" ? joining.stack(values, axis, odd) : joining.same(values, last, odd),
    ] as const;
  });
  return {
    tensors: parts.flatMap(([, , value]) => tensorsIn(value)),
    nodes: [],
    build: () => unflattenState(parts.map(([at, leaf, value]) => [at, withValue(leaf, value)] as const)),
  };
}

/** One leaf stands for all: it has one type, and one set of metadata. */
function refuseOtherLeaf(place: () => string, first: StateLeaf, leaf: StateLeaf, index: number): void {
  if (first === leaf || !isVariableState(first) || !isVariableState(leaf)) return;
  const isSameType = first.type === leaf.type;
  if (isSameType && sameMetadata(first.metadata, leaf.metadata)) return;
  const got = isSameType
    ? `another for slice ${index} than for the first slice`
    : `${first.type.typeName} for the first slice and ${leaf.type.typeName} for slice ${index}`;
  throw new StructureError(
    `${place()}: expected leaves of one ${isSameType ? "metadata" : "type"} for all slices, got ${got}. ` +
      "Return States of the same Variables for every slice.",
  );
}

/** The leaves of a State at the paths of another one's, if it has leaves there and nowhere else. */
function leavesAt(state: State, entries: readonly FlatEntry[]): readonly StateLeaf[] | undefined {
  const found: StateLeaf[] = [];
  if (leafCountOf(state) === entries.length) {
    for (const [path] of entries) {
      const leaf = path.reduce(below, state as StateNode | undefined);
      if (leaf && isLeaf(leaf)) found.push(leaf);
    }
    return found.length === entries.length ? found : undefined;
  }
  // `state` may be a part of a larger State, or have other leaves.
  const own = flattenState(state);
  const isSame =
    own.length === entries.length && own.every(([path], i) => isSamePath(path, (entries[i] as FlatEntry)[0]));
  return isSame ? own.map(([, leaf]) => leaf) : undefined;
}

/** By strings: a list has numbers where a record has their digits. */
const isSamePath = (a: Path, b: Path): boolean =>
  a.length === b.length && a.every((part, i) => part === b[i] || String(part) === String(b[i]));

/**
 * Whether `x` is a State or a part of one. A record of States is not: its States are stacked one by
 * one.
 */
const isState = (x: unknown): x is State =>
  isStateLike(x) && !isVariableState(x) && (isOwner(x) || !Object.values(x).some(isOwner));

const haveSame = (a: readonly unknown[], b: readonly unknown[]): boolean => {
  const own = new Set(a);
  return own.size === b.length && b.every((key) => own.has(key));
};

const placeAt = (where: string, path: Path): string =>
  path.length === 0 ? where : `${where} at ${formatPath(path)}`;

const misfit = (where: string, path: Path, first: unknown, odd: unknown, index: number): StructureError =>
  new StructureError(
    `${placeAt(where, path)}: expected results of one structure and shape, got ${describe(first)} for the first slice and ${describe(odd)} for ` +
      `slice ${index}. Return the same tensors for every slice.`,
  );

const different = (where: string, path: Path, first: unknown, odd: unknown, index: number): StructureError =>
  new StructureError(
    `${placeAt(where, path)}: expected a value that is no tensor to be the same for every slice, got ${describe(first)} for the first slice and ` +
      `${describe(odd)} for slice ${index}. Return tensors for what differs: tf.scalar for numbers.`,
  );
