/** @file What of an argument is differentiated, and in which structure its gradient comes back. */
import { describe, GradientError } from "../errors.ts";
import { type Filter, toPredicate } from "../filter/filter.ts";
import { flatten } from "../graph/flatten.ts";
import { containerKind, GraphNode } from "../graph/node.ts";
import { release, retain } from "../ownership/holders.ts";
import { mapTensors, tensorsIn } from "../ownership/tensors-in.ts";
import { formatPath, type Path } from "../path.ts";
import { StateBuilder } from "../state/builder.ts";
import { flattenState } from "../state/flatten-state.ts";
import { refuseEnded } from "../state/holding.ts";
import { withValue } from "../state/map.ts";
import { leafValue, type State, type StateLeaf } from "../state/state.ts";
import { alias, isTensor, type Tensor } from "../tensor.ts";
import { giveVariableToScope } from "../variable/held-value.ts";
import { Variable } from "../variable/variable.ts";
import { isStateLike } from "./state-like.ts";

/** One argument, ready to be differentiated. */
export interface Differentiable {
  /** What the function gets in the place of the argument. */
  readonly argument: unknown;
  /** What is watched: tensor objects of their own, so that uses outside the argument do not count. */
  readonly watched: readonly Tensor[];
  /** The gradient's structure, from one gradient for each watched tensor in order. */
  build(gradients: readonly Tensor[]): unknown;
  /** The tensors of a gradient of this structure, in the order of what is watched; `undefined` where there is none. */
  read(gradient: unknown): readonly (Tensor | undefined)[];
  /** Puts back what was put in place of the model's values. */
  restore(): void;
}

/** How arguments are prepared. */
export interface Preparation {
  /** The function, for error messages. */
  readonly where: string;
  readonly wrt: Filter;
  /** Whether what has no gradient (integers, numbers, keys) is an error or a constant. */
  readonly others: "refuse" | "pass";
  /** Variables of earlier arguments: they have their gradient there. */
  readonly seen: Set<Variable>;
}

const nothing = () => {};

/** Prepares one argument; `place` is what error messages call it. */
export function differentiable(argument: unknown, place: string, how: Preparation): Differentiable {
  if (isTensor(argument)) return ofValue(argument, place, how);
  if (argument instanceof GraphNode) return ofModel(argument, place, how);
  if (argument instanceof Variable) return ofVariable(argument, place, how);
  if (isStateLike(argument)) return ofState(argument, place, how);
  if (containerKind(argument) !== undefined) return ofContainer(argument as object, place, how);
  // As in JAX, nothing is a leaf that is not there.
  if (how.others === "pass" || argument === null || argument === undefined) return constant(argument);
  throw new GradientError(
    `${how.where}: expected ${place} to be a tensor, a module, a State, a Variable or containers of these, got ${describe(argument)}. ` +
      "Choose what to differentiate with { argnums }, or wrap numbers in tf.scalar.",
  );
}

const constant = (argument: unknown): Differentiable => ({
  argument,
  watched: [],
  build: () => undefined,
  read: () => [],
  restore: nothing,
});

/** Tensors with gradients, and whatever else stands between them. */
function ofValue(value: unknown, place: string, how: Preparation): Differentiable {
  const watched: Tensor[] = [];
  const argument = watch(value, place, how, watched);
  return {
    argument,
    watched,
    build: (gradients) => (watched.length === 0 ? undefined : replaceFloats(value, inOrder(gradients))),
    read: (gradient) => {
      const found = tensorsIn(gradient);
      return watched.map((_, i) => found[i]);
    },
    restore: nothing,
  };
}

/** Copies of the float tensors in a value. */
function watch(value: unknown, place: string, { where, others }: Preparation, watched: Tensor[]): unknown {
  const tensors = tensorsIn(value);
  const odd = tensors.length === 0 ? value : tensors.find(({ dtype }) => dtype !== "float32");
  if (odd !== undefined && others === "refuse") {
    throw new GradientError(
      `${where}: expected float32 tensors in ${place}, got ${describe(odd)}. ` +
        "Only they have gradients: filter it out with { wrt }, or leave it out of argnums.",
    );
  }
  return replaceFloats(value, (tensor) => {
    const copy = alias(tensor);
    watched.push(copy);
    return copy;
  });
}

const replaceFloats = (value: unknown, replace: (tensor: Tensor) => Tensor): unknown =>
  mapTensors(value, (tensor) => (tensor.dtype === "float32" ? replace(tensor) : tensor));

/** Hands out gradients in the order in which tensors were watched. */
function inOrder(gradients: readonly Tensor[]): () => Tensor {
  let next = 0;
  return () => gradients[next++] as Tensor;
}

/** Puts copies into Variables for the time of the run; identity and later writes are the model's own. */
function lend(
  entries: readonly Entry<Variable>[],
  place: string,
  how: Preparation,
): Pick<Differentiable, "watched" | "restore"> & { counts: number[] } {
  const watched: Tensor[] = [];
  const counts: number[] = [];
  const lent: { variable: Variable; original: unknown; copy: unknown }[] = [];
  const restore = (): void => {
    for (const { variable, original, copy } of lent) {
      // Written by the function meanwhile: that value stays.
      if (!variable.isDisposed && variable.getRawValue() === copy) variable.setRawValue(original);
      release(original);
    }
  };
  try {
    for (const { path, value: variable } of entries) {
      const original = variable.getRawValue();
      const before = watched.length;
      const copy = watch(
        original,
        path.length === 0 ? place : `${place} at ${formatPath(path)}`,
        how,
        watched,
      );
      counts.push(watched.length - before);
      if (watched.length === before) continue;
      retain(original);
      variable.setRawValue(copy);
      lent.push({ variable, original, copy: variable.getRawValue() });
    }
  } catch (error) {
    restore();
    throw error;
  }
  return { watched, restore, counts };
}

interface Entry<T> {
  readonly path: Path;
  readonly value: T;
}

/** A State of those leaves that have gradients, and back. */
function stateOfLeaves(
  leaves: readonly Entry<StateLeaf>[],
  counts: readonly number[],
  { where }: Preparation,
): Pick<Differentiable, "build" | "read"> {
  const withGradients = leaves.filter((_, i) => (counts[i] ?? 0) > 0);
  return {
    build: (gradients) => {
      const next = inOrder(gradients);
      const builder = new StateBuilder();
      for (const { path, value } of withGradients)
        builder.set(path, withValue(value, replaceFloats(leafValue(value), next)));
      return builder.finish();
    },
    read: (gradient) => {
      const entries = isStateLike(gradient) ? flattenState(gradient) : [];
      const byPath = new Map(entries.map(([path, leaf]) => [formatPath(path), leaf]));
      return withGradients.flatMap(({ path, value }) => {
        const leaf = byPath.get(formatPath(path));
        const wanted = tensorsIn(leafValue(value)).filter(({ dtype }) => dtype === "float32");
        const found = leaf ? tensorsIn(leafValue(leaf)) : [];
        if (found.length === wanted.length) return found;
        throw new GradientError(
          `${where} at ${formatPath(path)}: expected a gradient like ${describe(leafValue(value))}, got ${describe(leaf)}. ` +
            "Return a State with a leaf for every differentiated Variable, under its path.",
        );
      });
    },
  };
}

function ofModel(model: GraphNode, place: string, how: Preparation): Differentiable {
  const matches = toPredicate(how.wrt);
  const selected: Entry<Variable>[] = [];
  for (const { path, value } of flatten(model).leaves) {
    if (!(value instanceof Variable) || how.seen.has(value) || !matches(path, value)) continue;
    how.seen.add(value);
    selected.push({ path, value });
  }
  const leaves = selected.map(({ path, value }) => ({ path, value: value.toState() }));
  const { counts, ...lent } = lend(selected, place, how);
  return { argument: model, ...lent, ...stateOfLeaves(leaves, counts, how) };
}

function ofVariable(variable: Variable, place: string, how: Preparation): Differentiable {
  const known = how.seen.has(variable);
  how.seen.add(variable);
  const { value } = variable.toState();
  const { watched, restore } = lend(known ? [] : [{ path: [], value: variable }], place, how);
  return {
    argument: variable,
    watched,
    // Its gradient is in the earlier argument; what is left is empty, as in Flax.
    build: (gradients) =>
      known
        ? new StateBuilder().finish()
        : giveVariableToScope(variable.copy(replaceFloats(value, inOrder(gradients)))),
    read: (gradient) => {
      const found = tensorsIn(gradient instanceof Variable ? gradient.value : gradient);
      return watched.map((_, i) => found[i]);
    },
    restore,
  };
}

function ofState(state: State, place: string, how: Preparation): Differentiable {
  refuseEnded(how.where, state);
  const watched: Tensor[] = [];
  const counts: number[] = [];
  const leaves = flattenState(state).map(([path, value]) => ({ path, value }));
  const builder = new StateBuilder();
  for (const { path, value } of leaves) {
    const before = watched.length;
    builder.set(
      path,
      withValue(value, watch(leafValue(value), `${place} at ${formatPath(path)}`, how, watched)),
    );
    counts.push(watched.length - before);
  }
  return { argument: builder.finish(), watched, ...stateOfLeaves(leaves, counts, how), restore: nothing };
}

/** Each item for itself: what an array, a plain object or a Map holds may be anything. */
function ofContainer(container: object, place: string, how: Preparation): Differentiable {
  const kind = containerKind(container);
  const entries: (readonly [key: unknown, item: unknown])[] =
    container instanceof Map ? [...container] : Object.entries(container);
  const parts: (readonly [key: unknown, part: Differentiable])[] = [];
  const restore = (): void => {
    for (const [, part] of parts) part.restore();
  };
  try {
    for (const [key, item] of entries)
      parts.push([key, differentiable(item, `${place}.${String(key)}`, how)]);
  } catch (error) {
    restore();
    throw error;
  }
  const assemble = (of: (part: Differentiable) => unknown): unknown => {
    if (kind === "array") return parts.map(([, part]) => of(part));
    const items = parts.map(([key, part]) => [key, of(part)] as const);
    return kind === "map" ? new Map(items) : Object.fromEntries(items as (readonly [string, unknown])[]);
  };
  const itemOf = (gradient: unknown, key: unknown): unknown =>
    gradient instanceof Map
      ? gradient.get(key)
      : typeof gradient === "object" && gradient !== null
        ? Reflect.get(gradient, String(key))
        : undefined;
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
    read: (gradient) => parts.flatMap(([key, part]) => part.read(itemOf(gradient, key))),
    restore,
  };
}
