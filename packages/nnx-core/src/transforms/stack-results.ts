/** @file Stacks the results of many calls into one. */
import { isStateLike } from "../state/check-state.ts";
import { describe, StructureError } from "../errors.ts";
import { containerFrom, containerKind, isContainer, nested, ownKeysOf } from "../data/containers.ts";
import { childAt, type GraphNode } from "../graph/node.ts";
import { formatPath, type Path, pathKey, type PathPart } from "../path.ts";
import { type FlatEntry, flattenState, unflattenState } from "../state/flatten-state.ts";
import { isOwner } from "../state/holding.ts";
import { withValue } from "../state/map.ts";
import { leafValue, type State } from "../state/state.ts";
import { isTensor, stackTensors, type Tensor } from "../tensor.ts";
import { isVariableState, type VariableState } from "../variable/variable-state.ts";
import { giveVariableToScope } from "../variable/held-value.ts";
import { Variable } from "../variable/variable.ts";

type Primitive = string | number | bigint | boolean | symbol | null | undefined;

/** The type of many values as one: tensors have another rank. */
export type StackedOf<T> = 0 extends 1 & T
  ? T
  : State extends T
    ? T
    : T extends Tensor
      ? Tensor
      : T extends Primitive | GraphNode | Variable | ((...args: never) => unknown)
        ? T
        : T extends VariableState<infer V, infer C>
          ? VariableState<StackedOf<V>, C>
          : T extends ReadonlyMap<infer K, infer V>
            ? Map<K, StackedOf<V>>
            : { [K in keyof T]: StackedOf<T[K]> };

/** Results put together: the tensors, and how to make the whole. */
export interface Stacked {
  readonly tensors: readonly Tensor[];
  /**
   * Builds the result. Call it outside the scope in which the tensors were made, so that its States
   * and Variables outlive that scope.
   */
  build(): unknown;
}

/**
 * Stacks the tensors of results that have one structure.
 * @throws {@link StructureError} when the results differ in structure.
 */
export const stackResults = (results: readonly unknown[], axis: number): Stacked => stack(results, axis, []);

function stack(items: readonly unknown[], axis: number, path: Path): Stacked {
  const [first] = items;
  const fits = (test: (item: unknown) => boolean): void => {
    const odd = items.findIndex((item) => !test(item));
    if (odd >= 0) throw misfit(path, first, items[odd], odd);
  };
  if (isTensor(first)) {
    fits(
      (item) => isTensor(item) && item.dtype === first.dtype && String(item.shape) === String(first.shape),
    );
    const tensor = stackTensors(items as readonly Tensor[], axis);
    return { tensors: [tensor], build: () => tensor };
  }
  if (first instanceof Variable) {
    fits((item) => item instanceof Variable && item.type === first.type);
    const value = stack(
      (items as readonly Variable[]).map((variable) => variable.getRawValue()),
      axis,
      path,
    );
    return { tensors: value.tensors, build: () => giveVariableToScope(first.copy(value.build())) };
  }
  if (isState(first)) {
    fits(isState);
    return stackStates(items as readonly State[], axis, path, fits);
  }
  const kind = containerKind(first);
  if (kind === undefined) {
    const odd = items.findIndex((item) => !Object.is(item, first));
    if (odd < 0) return { tensors: [], build: () => first };
    throw different(path, first, items[odd], odd);
  }
  const keys = sortedKeys(first as object);
  fits((item) => containerKind(item) === kind && haveSame(keys, sortedKeys(item as object)));
  const parts = keys.map((key) => {
    const own = items.map((item) => childAt(item as object, key));
    return [key, stack(own, axis, [...path, key])] as const;
  });
  return {
    tensors: parts.flatMap(([, part]) => part.tensors),
    build: () =>
      containerFrom(
        kind,
        parts.map(([key, part]) => [key, part.build()] as const),
      ),
  };
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
  axis: number,
  path: Path,
  fits: (test: (item: unknown) => boolean) => void,
): Stacked {
  const entries = new Map<unknown, FlatEntry[]>(states.map((state) => [state, flattenState(state)]));
  const leaves = states.map((state) => entries.get(state) as FlatEntry[]);
  const [first = []] = leaves;
  const pathsOf = (state: unknown): string =>
    entries
      .get(state)
      ?.map(([each]) => pathKey(each))
      .join("/") ?? "";
  fits((state) => pathsOf(state) === pathsOf(states[0]));
  const parts = first.map(([at, leaf], i) => {
    const values = leaves.map((each) => leafValue((each[i] as FlatEntry)[1]));
    return [at, leaf, stack(values, axis, [...path, ...at])] as const;
  });
  return {
    tensors: parts.flatMap(([, , part]) => part.tensors),
    build: () =>
      unflattenState(parts.map(([at, leaf, part]) => [at, withValue(leaf, part.build())] as const)),
  };
}

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

/** The Variables in a result, apart from those of modules. */
export const variablesIn = (result: unknown): Variable[] =>
  [...nested(result, (each) => isContainer(each) && !isVariableState(each))].filter(
    (each) => each instanceof Variable,
  );

const at = (path: Path): string => (path.length === 0 ? "vmap" : `vmap at ${formatPath(path)}`);

const misfit = (path: Path, first: unknown, odd: unknown, index: number): StructureError =>
  new StructureError(
    `${at(path)}: expected results of one structure and shape, got ${describe(first)} for the first slice and ${describe(odd)} for ` +
      `slice ${index}. Return the same tensors for every slice.`,
  );

const different = (path: Path, first: unknown, odd: unknown, index: number): StructureError =>
  new StructureError(
    `${at(path)}: expected a value that is no tensor to be the same for every slice, got ${describe(first)} for the first slice and ` +
      `${describe(odd)} for slice ${index}. Return tensors for what differs: tf.scalar for numbers, state(model) for modules.`,
  );
