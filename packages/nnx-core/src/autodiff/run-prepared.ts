/** @file One run of a function on prepared arguments. */
import { installRules } from "@nnxjs/gradients/internal";
import { describe, GradientError } from "../errors.ts";
import { type RunOptions, runOnce } from "../recording/run.ts";
import { scoped } from "../tensor.ts";
import type { Structure } from "../undo/structure.ts";
import type { DiffState } from "./grad-types.ts";
import { type CallOptions, type PreparedCall, prepareCall } from "./positions.ts";

/**
 * Prepares the arguments at these positions, and runs `f` in a scope. When `f` throws, everything
 * is as before. The scope frees the watched copies, and what a backward pass in `f` leaves behind.
 * @param f - Gets the prepared call, and the attributes of the arguments as they were.
 * @returns what `f` returned, and the call, whose `build` makes gradients.
 */
export function runPrepared<R>(
  where: string,
  args: readonly unknown[],
  positions: readonly DiffState[],
  f: (call: PreparedCall, before: Structure) => R,
  options: CallOptions & RunOptions = {},
): readonly [result: R, call: PreparedCall] {
  installRules();
  const [result, getCall] = scoped(() => {
    const call = prepareCall(where, args, positions, options);
    try {
      const result = runOnce(args, (before) => f(call, before), options);
      // A function, since the scope would keep all tensors of a call that it finds in its result.
      return [result, () => call] as const;
    } finally {
      call.restore();
    }
  });
  return [result, getCall()];
}

/**
 * What a function returned, as a pair.
 * @param name - What the function's value is called: the value, or the loss.
 * @throws {@link GradientError} when `hasAux` is set and the function returned no pair.
 */
export function valueAndAux(
  where: string,
  result: unknown,
  hasAux: boolean,
  name: "value" | "loss",
): readonly [value: unknown, aux: unknown] {
  if (!hasAux) return [result, undefined];
  if (Array.isArray(result) && result.length === 2) return result as [unknown, unknown];
  throw new GradientError(
    `${where}: expected the function to return [${name}, aux] because of { hasAux: true }, got ${describe(result)}. ` +
      "Return an array of two, or leave hasAux out.",
  );
}
