/** @file Runs user code on operands in a scope, all or nothing. */
import { describe, StructureError } from "../errors.ts";
import { tidy } from "../graph/scope.ts";
import { refuseLate } from "../ownership/late.ts";
import { attachTo } from "../ownership/scopes.ts";
import { recordingFor } from "../program/control.ts";
import { refuseDisposed } from "../state/disposed.ts";
import { isTensor, scalarOf, type Tensor } from "../tensor.ts";
import { atomicallyOn } from "../undo/atomically.ts";

/**
 * Runs `f` in a scope, which frees everything but its result and what it stores in the operands.
 * When it throws, everything is as before.
 * @param f - Gets a function that runs user code in a scope of its own.
 */
export function inTurn<R>(
  where: string,
  operands: readonly unknown[],
  f: (run: <T>(step: () => T) => T) => R,
): R {
  refuseDisposed(where, operands);
  const [result] = tidy(() => {
    const stopAttaching = attachTo(operands);
    try {
      return atomicallyOn(operands, (before) => {
        const run = <T>(step: () => T): T => {
          const [made] = tidy(() => {
            const result = step();
            refuseLate(where, () => "the function", result);
            return [result, before.newTensors()] as const;
          });
          return made;
        };
        return [f(run), before.newTensors()] as const;
      });
    } finally {
      stopAttaching();
    }
  });
  return result;
}

/** A number or flag, or a tensor with one element. */
export type ScalarLike = boolean | number | Tensor;

/**
 * The value of a scalar.
 * @param name - What error messages call it.
 * @throws {@link StructureError} for anything that has not one value.
 */
export function numberOf(where: string, name: string, value: unknown): number {
  if (typeof value === "boolean" || typeof value === "number") return Number(value);
  if (isTensor(value) && value.rank === 0 && value.dtype !== "string") {
    // Refuses what a recording could not read again.
    recordingFor(where, value);
    return scalarOf(value, where);
  }
  throw new StructureError(
    `${where}: expected ${name} to be a number, a boolean or a scalar tensor, got ${describe(value)}. ` +
      "Reduce it (tf.any, tf.all, tf.mean) first.",
  );
}
