/** @file Chooses between functions by a value. */
import { checkFunction, checkList } from "../data/functions.ts";
import { describe, StructureError } from "../errors.ts";
import { gradientDepth } from "../autodiff/tape.ts";
import { recordChoice } from "../program/choice.ts";
import { recordingFor } from "../program/control.ts";
import type { Tensor } from "../tensor.ts";
import { againInBackward } from "./remat.ts";
import { type CarryParts, partsOfCarry, refuseOtherParts } from "./carry.ts";
import { inTurn, numberOf, type ScalarLike } from "./in-turn.ts";

/**
 * Calls `trueFun(...operands)` or `falseFun(...operands)`. What the function changes in modules and
 * Variables among its operands stays changed. The other function does not run.
 * @param pred - A boolean, a number (0 is false), or a scalar tensor. A tensor is read, which waits
 * for a GPU.
 * @returns what the function returns. Other tensors that it makes are freed.
 * @throws {@link StructureError} when `pred` is no scalar; and whatever the function throws:
 * everything is as before then. In a function that `jit` records, both functions run while `pred`
 * depends on its arguments: {@link StructureError} where their results are not alike.
 * @see Flax `nnx.cond`, `jax.lax.cond` (which want results of one structure from both)
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
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
  const branches: readonly ((...all: A) => R | S)[] = [falseFun, trueFun];
  const pick = (value: number): number => (value === 0 ? 0 : 1);
  const recorded = recordedChoice(where, pred, pick, branches, operands);
  if (recorded) return recorded.value;
  const chosen = branches[pick(numberOf(where, "pred", pred))] as (typeof branches)[number];
  return inTurn(where, operands, () => chosen(...operands));
}

/** The chosen branch's result, if a recording has to take all branches. */
function recordedChoice<A extends readonly unknown[], R>(
  where: string,
  selector: unknown,
  pick: (value: number) => number,
  branches: readonly ((...operands: A) => R)[],
  operands: A,
): { readonly value: R } | undefined {
  const recording = recordingFor(where, selector, 1);
  if (!recording) return undefined;
  const choose = <T>(of: readonly (() => T)[], given: readonly unknown[], by: Tensor): T => {
    let first: CarryParts | undefined;
    const value = recordChoice(recording, {
      where,
      operands: given,
      selector: by,
      pick,
      branches: of,
      compare: (result) => {
        const parts = partsOfCarry(result, true);
        first ??= parts;
        refuseOtherParts(where, first, parts);
      },
      run: (index) => inTurn(where, given, of[index] as () => T),
    });
    return value as T;
  };
  const chosen = (...given: A): R =>
    choose(
      branches.map((branch) => () => branch(...given)),
      given,
      selector as Tensor,
    );
  if (gradientDepth() === 0) return { value: chosen(...operands) };
  // The gradient is a choice, too: between the gradients of the branches, which run again for that.
  const value = againInBackward(
    where,
    chosen,
    operands,
    (gradients, given, [by]) =>
      choose(
        branches.map((branch) => () => gradients(() => branch(...given))),
        given,
        by as Tensor,
      ),
    [selector as Tensor],
  );
  return { value };
}

/**
 * Calls the branch at an index with the operands. Indices below 0 mean the first branch, those above
 * the last mean the last. Otherwise as {@link cond}.
 * @param branches - Functions of the operands, of which one runs.
 * @param operands - The arguments of the branch.
 * @param index - An integer, or an int32 scalar tensor, which is read.
 * @see Flax `nnx.switch`, `jax.lax.switch`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
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
  if (typeof index === "boolean") throw noIndex(index);
  if (branches.length === 0)
    throw new StructureError("switch: expected at least one branch, got none. Pass an array of functions.");
  for (const branch of branches) checkFunction(where, branch, "index, branches", "second");
  const pick = (value: number): number => {
    if (!Number.isInteger(value)) throw noIndex(value);
    return Math.min(Math.max(value, 0), branches.length - 1);
  };
  const recorded = recordedChoice(where, index, pick, branches, operands);
  if (recorded) return recorded.value;
  const chosen = branches[pick(numberOf(where, "index", index))] as (...all: A) => R;
  return inTurn(where, operands, () => chosen(...operands));
}

const noIndex = (index: unknown): StructureError =>
  new StructureError(
    `switch: expected an integer as the index, got ${describe(index)}. Cast it to int32, or use cond for a boolean.`,
  );

export { switch_ as switch };
