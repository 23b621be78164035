/** @file What of an argument is differentiated, and in which structure its gradient comes back. */
import { describe, GradientError } from "../errors.ts";
import { type Filter, toPredicate } from "../filter/filter.ts";
import { flatten } from "../graph/flatten.ts";
import { containerKind, GraphNode } from "../graph/node.ts";
import { release, retain } from "../ownership/holders.ts";
import { mapTensors } from "../ownership/tensors-in.ts";
import { formatPath, type Path } from "../path.ts";
import { StateBuilder } from "../state/builder.ts";
import { flattenState } from "../state/flatten-state.ts";
import { withValue } from "../state/map.ts";
import { leafValue, type State, type StateNode } from "../state/state.ts";
import { alias, isTensor, type Tensor } from "../tensor.ts";
import { isVariableState } from "../variable/variable-state.ts";
import { Variable } from "../variable/variable.ts";

/** One argument, ready to be differentiated. */
export interface Differentiable {
  /** What the function gets in the place of the argument. */
  readonly argument: unknown;
  /** What is watched, with its place for error messages. Tensor objects of their own, so that uses outside the argument do not count. */
  readonly watched: readonly { readonly tensor: Tensor; readonly where: string }[];
  /** The gradient's structure, from one gradient for each watched tensor in order. */
  build(gradients: readonly Tensor[]): unknown;
  /** Puts back what was put in place of the model's values. */
  restore(): void;
}

type Watched = Differentiable["watched"][number];

/** Prepares one argument. Variables in `seen` belong to an earlier argument and have their gradient there. */
export function differentiable(
  argument: unknown,
  wrt: Filter,
  seen: Set<Variable>,
  where: string,
): Differentiable {
  if (isTensor(argument)) return ofTensors(argument, where);
  if (argument instanceof GraphNode) return ofModel(argument, wrt, seen, where);
  if (argument instanceof Variable) return ofVariable(argument, seen, where);
  if (isStateLike(argument)) return ofState(argument, where);
  const kind = containerKind(argument);
  if (kind === "array" || kind === "record") return ofContainer(argument as object, kind, wrt, seen, where);
  throw new GradientError(
    `grad: expected ${where} to be a tensor, a module, a State, a Variable or arrays and objects of these, got ${describe(argument)}. ` +
      "Choose what to differentiate with { argnums }, or wrap numbers in tf.scalar.",
  );
}

/** Copies in a tensor's structure; `next` gives each copy its gradient, in order. */
function watch(value: unknown, where: string, watched: Watched[]): unknown {
  return mapTensors(value, (tensor) => {
    if (tensor.dtype !== "float32") {
      throw new GradientError(
        `grad: expected float32 values in ${where}, got ${describe(tensor)}. ` +
          "Gradients exist for float32 only: filter it out with { wrt }, or leave it out of argnums.",
      );
    }
    const copy = alias(tensor);
    watched.push({ tensor: copy, where });
    return copy;
  });
}

/** Hands out gradients in the order in which tensors were watched. */
const inOrder = (gradients: readonly Tensor[]): (() => Tensor) => {
  let next = 0;
  return () => gradients[next++] as Tensor;
};

function ofTensors(value: Tensor, where: string): Differentiable {
  const watched: Watched[] = [];
  const argument = watch(value, where, watched);
  return { argument, watched, build: ([gradient]) => gradient, restore: () => {} };
}

/** Puts copies into Variables for the time of the run; identity and later writes are the model's own. */
function lend(
  variables: readonly (readonly [Path, Variable])[],
  where: string,
): Omit<Differentiable, "argument" | "build"> {
  const watched: Watched[] = [];
  const lent: { variable: Variable; original: unknown; copy: unknown }[] = [];
  const restore = (): void => {
    for (const { variable, original, copy } of lent) {
      // Written by the function meanwhile: that value stays.
      if (!variable.isDisposed && variable.getRawValue() === copy) variable.setRawValue(original);
      release(original);
    }
  };
  try {
    for (const [path, variable] of variables) {
      const original = variable.getRawValue();
      const copy = watch(original, `${where} at ${formatPath(path)}`, watched);
      retain(original);
      variable.setRawValue(copy);
      lent.push({ variable, original, copy });
    }
  } catch (error) {
    restore();
    throw error;
  }
  return { watched, restore };
}

function ofModel(model: GraphNode, wrt: Filter, seen: Set<Variable>, where: string): Differentiable {
  const matches = toPredicate(wrt);
  const selected: [Path, Variable][] = [];
  for (const { path, value } of flatten(model).leaves) {
    if (!(value instanceof Variable) || seen.has(value) || !matches(path, value)) continue;
    seen.add(value);
    selected.push([path, value]);
  }
  const shapes = selected.map(([path, variable]) => [path, variable.toState()] as const);
  const lent = lend(selected, where);
  return {
    argument: model,
    ...lent,
    build: (gradients) => {
      const next = inOrder(gradients);
      const builder = new StateBuilder();
      for (const [path, leaf] of shapes) builder.set(path, withValue(leaf, mapTensors(leaf.value, next)));
      return builder.finish();
    },
  };
}

function ofVariable(variable: Variable, seen: Set<Variable>, where: string): Differentiable {
  seen.add(variable);
  const leaf = variable.toState();
  const lent = lend([[[], variable]], where);
  return {
    argument: variable,
    ...lent,
    build: (gradients) => variable.copy(mapTensors(leaf.value, inOrder(gradients))),
  };
}

/** Whether `x` is a State (or a part of one) with at least one leaf. */
export const isStateLike = (x: unknown): x is State => {
  if (containerKind(x) !== "record") return false;
  const open: StateNode[] = [x as State];
  for (let next = open.pop(); next; next = open.pop()) {
    if (isVariableState(next)) return true;
    if (containerKind(next) === "record") open.push(...(Object.values(next) as StateNode[]));
  }
  return false;
};

function ofState(state: State, where: string): Differentiable {
  const watched: Watched[] = [];
  const entries = flattenState(state);
  const builder = new StateBuilder();
  for (const [path, leaf] of entries) {
    builder.set(path, withValue(leaf, watch(leafValue(leaf), `${where} at ${formatPath(path)}`, watched)));
  }
  return {
    argument: builder.finish(),
    watched,
    build: (gradients) => {
      const next = inOrder(gradients);
      const result = new StateBuilder();
      for (const [path, leaf] of entries)
        result.set(path, withValue(leaf, mapTensors(leafValue(leaf), next)));
      return result.finish();
    },
    restore: () => {},
  };
}

function ofContainer(
  container: object,
  kind: "array" | "record",
  wrt: Filter,
  seen: Set<Variable>,
  where: string,
): Differentiable {
  const parts: (readonly [string, Differentiable])[] = [];
  const restore = (): void => {
    for (const [, part] of parts) part.restore();
  };
  try {
    for (const [key, item] of Object.entries(container)) {
      parts.push([key, differentiable(item, wrt, seen, `${where}.${key}`)]);
    }
  } catch (error) {
    restore();
    throw error;
  }
  const assemble = (of: (part: Differentiable) => unknown): unknown =>
    kind === "array"
      ? parts.map(([, part]) => of(part))
      : Object.fromEntries(parts.map(([key, part]) => [key, of(part)]));
  return {
    argument: assemble((part) => part.argument),
    watched: parts.flatMap(([, part]) => part.watched),
    build: (gradients) => {
      let start = 0;
      return assemble((part) => {
        const own = gradients.slice(start, start + part.watched.length);
        start += part.watched.length;
        return part.build(own);
      });
    },
    restore,
  };
}
