/** @file Loops whose number of steps a value decides. */
import { gradientDepth } from "../autodiff/tape.ts";
import { checkFunction } from "../data/functions.ts";
import { describe, StructureError } from "../errors.ts";
import { partsOfCarry, refuseOtherCarry } from "./carry.ts";
import { HandedOn } from "./handed-on.ts";
import { readExpected, recordingFor } from "../program/control.ts";
import { recordingNow } from "../program/recording.ts";
import { recordLoop } from "../program/repeat.ts";
import type { Tensor } from "../tensor.ts";
import { inTurn, numberOf, type ScalarLike } from "./in-turn.ts";
import type { StackedOf, Structure } from "./stack-results.ts";

/**
 * What one step of a loop over a `T` returns. Ranks, which TypeScript often does not know, are compared
 * when it runs.
 */
export type NextOf<T> = NoInfer<OfAnyRank<T>>;

type OfAnyRank<T> = 0 extends 1 & T
  ? T
  : T extends readonly unknown[]
    ? { readonly [K in keyof T]: OfAnyRank<T[K]> }
    : StackedOf<T>;

/**
 * Calls `bodyFun` on its own result, as long as `condFun` says so. Modules and Variables in the
 * value stay themselves, and what the functions change in them stays changed.
 * @param condFun - Gets the value; returns a boolean, a number (0 is false) or a scalar tensor. A
 * tensor is read, which waits for a GPU.
 * @param bodyFun - Gets the value; returns the next, of the same structure, shapes and dtypes, with
 * the same modules. What it returned before is freed.
 * @param initVal - The first value: tensors, numbers, keys, modules, Variables, States and
 * containers of these.
 * @returns the last value.
 * @throws {@link StructureError} when the value changes its form, with the path; and whatever the
 * functions throw: everything is as before then.
 * @see Flax `nnx.while_loop`, `jax.lax.while_loop`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const [n, x] = nnx.whileLoop(
 *   ([left]) => left > 0,
 *   ([left, value]) => [left - 1, tf.mul(value, 2)],
 *   [3, tf.scalar(1)],
 * );
 * [n, x.dataSync()[0]]; // => [0, 8]
 * ```
 */
export function whileLoop<T extends Structure>(
  condFun: (value: T) => ScalarLike,
  bodyFun: (value: T) => NextOf<T>,
  initVal: T,
): T {
  const where = "whileLoop";
  checkFunction(where, condFun, "condFun, bodyFun, initVal");
  checkFunction(where, bodyFun, "condFun, bodyFun, initVal", "second");
  const run = (): T =>
    loop(
      where,
      initVal,
      (value) => numberOf(where, "what condFun returns", condFun(value)) !== 0,
      (value) => bodyFun(value),
    );
  const recording = recordingNow();
  if (!recording?.recorder.canBranch || gradientDepth() > 0) return run();
  const first = partsOfCarry(initVal, true);
  const recorded = recordLoop(recording, {
    where,
    init: initVal,
    test: (value) => condFun(value as T),
    body: (value) => bodyFun(value as T),
    compare: (value) => refuseOtherCarry(where, "the value", first, partsOfCarry(value, true)),
    run,
  });
  return recorded ? (recorded.value as T) : run();
}

/**
 * Calls `bodyFun(i, value)` for each integer from `lower` up to `upper`, which is not included, each
 * time on what it returned before. Otherwise as {@link whileLoop}.
 * @param lower - An integer, or a scalar tensor, which is read.
 * @param upper - As `lower`. Where it is not above `lower`, the result is `initVal`.
 * @see Flax `nnx.fori_loop`, `jax.lax.fori_loop`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const x = nnx.foriLoop(0, 3, (i, value) => tf.add(value, i), tf.scalar(10));
 * x.dataSync()[0]; // => 13
 * ```
 */
export function foriLoop<T extends Structure>(
  lower: ScalarLike,
  upper: ScalarLike,
  bodyFun: (i: number, value: T) => NextOf<T>,
  initVal: T,
): T {
  const where = "foriLoop";
  checkFunction(where, bodyFun, "lower, upper, bodyFun, initVal", "third");
  const [first, end] = [bound(where, "lower", lower), bound(where, "upper", upper)];
  let i = first;
  return loop(
    where,
    initVal,
    () => i < end,
    (value) => bodyFun(i++, value),
  );
}

function bound(where: string, name: string, value: ScalarLike): number {
  const recording = recordingFor(where, value);
  const number = recording ? readExpected(where, recording, value as Tensor) : numberOf(where, name, value);
  if (Number.isInteger(number)) return number;
  throw new StructureError(
    `${where}: expected ${name} to be an integer, got ${describe(value)}. The loop counts in steps of 1.`,
  );
}

function loop<T>(where: string, init: T, goesOn: (value: T) => boolean, body: (value: T) => unknown): T {
  return inTurn(where, [init], (run) => {
    const first = partsOfCarry(init);
    const handed = new HandedOn(init);
    try {
      while (run(() => goesOn(handed.value as T))) {
        const value = handed.value as T;
        const next = run(() => body(value));
        refuseOtherCarry(where, "the value", first, partsOfCarry(next));
        handed.next(next, undefined);
      }
      return handed.value as T;
    } finally {
      handed.end();
    }
  });
}
