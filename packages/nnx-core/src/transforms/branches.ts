/** @file Chooses between functions by a value. */
import { checkFunction, checkList } from "../data/functions.ts";
import { describe, StructureError } from "../errors.ts";
import { inTurn, numberOf, type ScalarLike } from "./in-turn.ts";

/**
 * Calls `trueFun(...operands)` or `falseFun(...operands)`. What the function changes in modules and
 * Variables among its operands stays changed. The other function does not run.
 * @param pred - A boolean, a number (0 is false), or a scalar tensor. A tensor is read, which waits
 * for a GPU.
 * @returns what the function returns. Other tensors that it makes are freed.
 * @throws {@link StructureError} when `pred` is no scalar; and whatever the function throws:
 * everything is as before then.
 * @see Flax `nnx.cond`, `jax.lax.cond` (which want results of one structure from both)
 * @example
 * ```ts
 * const y = nnx.cond(tf.less(tf.scalar(1), 2), (a) => tf.mul(a, 2), (a) => tf.neg(a), tf.scalar(3));
 * y.dataSync()[0]; // => 6
 * ```
 */
export function cond<A extends readonly unknown[], R, S = R>(
  pred: ScalarLike,
  trueFun: (...operands: A) => R,
  falseFun: (...operands: A) => S,
  ...operands: A
): R | S {
  const where = "cond";
  const asCalled = "pred, trueFun, falseFun";
  checkFunction(where, trueFun, asCalled, "second");
  checkFunction(where, falseFun, asCalled, "third");
  const chosen: (...all: A) => R | S = numberOf(where, "pred", pred) === 0 ? falseFun : trueFun;
  return inTurn(where, operands, () => chosen(...operands));
}

/**
 * Calls the branch at an index with the operands. Indices below 0 mean the first branch, those above
 * the last mean the last. Otherwise as {@link cond}.
 * @param index - An integer, or an int32 scalar tensor, which is read.
 * @see Flax `nnx.switch`, `jax.lax.switch`
 * @example
 * ```ts
 * const y = nnx.switch(1, [(a: tf.Tensor) => tf.neg(a), (a: tf.Tensor) => tf.square(a)], tf.scalar(3));
 * y.dataSync()[0]; // => 9
 * ```
 */
function switch_<A extends readonly unknown[], R>(
  index: number | ScalarLike,
  branches: readonly ((...operands: A) => R)[],
  ...operands: A
): R {
  const where = "switch";
  checkList(where, "branches", branches);
  const position = typeof index === "boolean" ? Number.NaN : numberOf(where, "index", index);
  if (!Number.isInteger(position)) {
    throw new StructureError(
      `switch: expected an integer as the index, got ${describe(index)}. Cast it to int32, or use cond for a boolean.`,
    );
  }
  if (branches.length === 0)
    throw new StructureError("switch: expected at least one branch, got none. Pass an array of functions.");
  for (const branch of branches) checkFunction(where, branch, "index, branches", "second");
  const chosen = branches[Math.min(Math.max(position, 0), branches.length - 1)] as (...all: A) => R;
  return inTurn(where, operands, () => chosen(...operands));
}

export { switch_ as switch };
