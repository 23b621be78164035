/** @file Trees and States as one long vector. */
import {
  add,
  addN,
  isTensor,
  mul,
  scalar,
  sqrt,
  square,
  sum,
  type Tensor,
  scalarOf,
} from "@nnxjs/kernels/internal";
import {
  flattenState,
  isVariableState,
  leafValue,
  type State,
  type StateLeaf,
  StructureError,
} from "@nnxjs/nnx-core";
import { describe, isOwner, mapLeaves, withValue } from "@nnxjs/nnx-core/internal";
import { checkFinite, checkSteps } from "../checks.ts";
import { isBranch } from "./structure.ts";
import { checkAlike, leavesOf, mapTree, type Tree } from "./tree.ts";

/** A State, or a part of one, rather than a tree of tensors. */
function isState(x: unknown): x is State {
  let first = x;
  while (isBranch(first)) first = Object.values(first)[0];
  return isVariableState(first) || (isBranch(x) && isOwner(x));
}

/** Two trees or two States through `f`, leaf by leaf. */
function combine<T extends Tree | State>(
  where: string,
  f: (a: Tensor, b: Tensor) => Tensor,
  names: readonly [string, string],
  a: T,
  b: Tree | State,
): T {
  if (isState(a) || isState(b)) {
    const values = (leaf: StateLeaf, other?: StateLeaf): Tensor =>
      f(leafValue<Tensor>(leaf), leafValue<Tensor>(other as StateLeaf));
    const mapped = mapLeaves(where, (_, leaf, other) => withValue(leaf, values(leaf, other)), a, b);
    // A State of the same paths and types.
    return mapped as unknown as T;
  }
  checkAlike(where, { [names[0]]: a, [names[1]]: b });
  return mapTree(f, a, b) as T;
}

/**
 * The root of the sum of the squares of all elements, a scalar; 0 where there are none.
 * @param updates - Nested tensors, or a State of them such as gradients.
 * @see `optax.global_norm`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.globalNorm({ a: tf.tensor([3]), b: { c: tf.tensor([4]) } }).dataSync()[0]; // => 5
 * ```
 */
export function globalNorm(updates: Tree | State): Tensor {
  return sqrt(squaredNorm(updates));
}

/** The sum of the squares of all elements. */
export function squaredNorm(updates: Tree | State): Tensor {
  const leaves = isState(updates)
    ? flattenState(updates).map(([, leaf]) => leafValue<Tensor>(leaf))
    : leavesOf(updates);
  return total(leaves.map((x) => sum(square(x))));
}

/** The sum of scalars. */
const total = (parts: readonly Tensor[]): Tensor => (parts.length === 0 ? scalar(0) : addN([...parts]));

/** The sum of the products of elements that belong together. */
export function dot(a: Tree, b: Tree): Tensor {
  const parts: Tensor[] = [];
  mapTree(
    (x, y) => {
      parts.push(sum(mul(x, y)));
      return x;
    },
    a,
    b,
  );
  return total(parts);
}

/** `a + factor * b` */
export const addScaled = (a: Tree, factor: number | Tensor, b: Tree): Tree =>
  mapTree((x, y) => add(x, mul(y, factor)), a, b);

/** All elements times a number or a scalar. */
export const scaled = (a: Tree, factor: number | Tensor): Tree => mapTree((x) => mul(x, factor), a);

/**
 * The parameters with their updates added.
 * @param params - Nested tensors, or a State.
 * @param updates - Of the same paths and shapes.
 * @throws StructureError naming the path where they differ.
 * @see `optax.apply_updates`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const next = nnx.applyUpdates({ w: tf.tensor1d([1, 2]) }, { w: tf.tensor1d([-1, 1]) });
 * Array.from(next.w.dataSync()); // => [0, 3]
 * ```
 */
export const applyUpdates = <T extends Tree | State>(params: T, updates: Tree | State): T =>
  combine("applyUpdates", (p, u) => add(p, u), ["params", "updates"], params, updates);

/**
 * `stepSize * new + (1 - stepSize) * old`, for a slow copy of parameters.
 * @param newTensors - Nested tensors, or a State.
 * @param oldTensors - The slow copy so far, of the same paths and shapes.
 * @param stepSize - The weight of the new ones.
 * @throws StructureError naming the path where they differ.
 * @see `optax.incremental_update`; Polyak and Juditsky 1992, https://doi.org/10.1137/0330046
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(2, 1, { rngs: new nnx.Rngs(0) });
 * const target = nnx.clone(model);
 * nnx.update(target, nnx.incrementalUpdate(nnx.state(model), nnx.state(target), 0.01));
 * ```
 */
export function incrementalUpdate<T extends Tree | State>(
  newTensors: T,
  oldTensors: Tree | State,
  stepSize: number,
): T {
  checkFinite("incrementalUpdate", "stepSize", stepSize);
  return combine(
    "incrementalUpdate",
    (fresh, old) => add(mul(fresh, stepSize), mul(old, 1 - stepSize)),
    ["new tensors", "old tensors"],
    newTensors,
    oldTensors,
  );
}

/**
 * The new tensors every `updatePeriod` steps, the old ones otherwise; both as they are.
 * @param newTensors - Any value.
 * @param oldTensors - Any value.
 * @param steps - How many steps were taken. At 0 the new ones come back.
 * @see `optax.periodic_update`; Mnih et al. 2013, https://arxiv.org/abs/1312.5602
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * [1, 2, 3, 4].map((step) => nnx.periodicUpdate("new", "old", step, 2)); // => ["old", "new", "old", "new"]
 * ```
 */
export function periodicUpdate<T>(newTensors: T, oldTensors: T, steps: number, updatePeriod: number): T {
  checkSteps("periodicUpdate", "updatePeriod", updatePeriod);
  checkFinite("periodicUpdate", "steps", steps);
  return steps % updatePeriod === 0 ? newTensors : oldTensors;
}

/** A number out of a scalar. Reads it back. @throws StructureError for anything else. */
export function numberIn(where: string, what: string, x: unknown): number {
  if (typeof x === "number") return x;
  if (isTensor(x) && x.size === 1) return scalarOf(x, where);
  throw new StructureError(
    `${where}: expected ${what} to be a number or a scalar, got ${describe(x)}. Reduce it: tf.sum, say.`,
  );
}
