/** @file Runs a loss forward and back, for `grad`, `captureGradients` and `findNonFinite`. */
import { describe, GradientError } from "../errors.ts";
import { refuseLate } from "../ownership/late.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import type { RunOptions } from "../recording/run.ts";
import { isTensor, ones, type Tensor } from "../tensor.ts";
import type { Structure } from "../undo/structure.ts";
import { Param } from "../variable/variable-types.ts";
import type { GradOptions } from "./grad-types.ts";
import { type PreparedCall, toPositions } from "./positions.ts";
import { runPrepared, valueAndAux } from "./run-prepared.ts";
import { backward, type OnGradient, withTape } from "./tape.ts";

/** A loss, how it is run, and what is kept of the run. */
export interface LossRun<K, G> extends GradOptions, RunOptions {
  readonly f: (...args: never) => unknown;
  readonly args: readonly unknown[];
  /** Makes what is kept of the loss and aux. The scope of the run frees the rest. */
  readonly keep: (loss: Tensor, aux: unknown) => K;
  /**
   * Goes back from the loss, and returns what is kept of that.
   * @param gradientsOf - Gives the loss's gradients with respect to some tensors.
   * @param watched - The tensors of the differentiated arguments.
   */
  readonly goBack: (
    gradientsOf: (xs: readonly Tensor[], onGradient?: OnGradient) => (Tensor | undefined)[],
    watched: readonly Tensor[],
  ) => G;
}

/**
 * Runs a loss once, then `goBack`. When one of them throws, everything is as before.
 * @returns what `keep` and `goBack` returned, and the call, whose `build` makes the gradients of
 * the arguments.
 */
export function runLoss<K, G>(
  where: string,
  { f, args, keep, goBack, argnums = 0, hasAux = false, wrt = Param, ...options }: LossRun<K, G>,
): { readonly kept: K; readonly found: G; readonly call: PreparedCall } {
  const forward = (call: PreparedCall, before: Structure) => {
    const result = f(...(call.args as never));
    // Only captures refuse Promises that are somewhere in aux.
    if (options.session) refuseLate(where, () => "the function", result);
    const [loss, aux] = checkLoss(where, result, hasAux);
    const kept = keep(loss, aux);
    // Scopes do not look into Maps, nor at attributes that the loss wrote: they get a plain list.
    const others = [...tensorsIn(kept), ...(options.alwaysUndo ? [] : before.newTensors())];
    return { loss, kept, others };
  };
  const positions = toPositions(where, argnums, args.length, wrt);
  const forwardAndBack = (call: PreparedCall, before: Structure) =>
    withTape(
      () => forward(call, before),
      ({ loss, ...ran }, tape) => {
        const gradientsOf = (xs: readonly Tensor[], onGradient?: OnGradient) =>
          backward(tape, [[loss, ones([])]], xs, onGradient);
        return { ...ran, found: goBack(gradientsOf, call.watched) };
      },
    );
  const [{ kept, found }, call] = runPrepared(where, args, positions, forwardAndBack, options);
  return { kept, found, call };
}

/**
 * The loss and aux, from what the function returned.
 * @throws {@link GradientError} when the loss is no float32 scalar.
 */
function checkLoss(where: string, result: unknown, hasAux: boolean): [Tensor, unknown] {
  if (result instanceof Promise) {
    // Nobody else will handle its rejection.
    result.catch(() => {});
    throw new GradientError(
      `${where}: expected a function that returns its loss, got one that returns a Promise. ` +
        "Await inputs before the call and read results after it.",
    );
  }
  const [loss, aux] = valueAndAux(where, result, hasAux, "loss");
  if (!isTensor(loss) || loss.rank !== 0 || loss.dtype !== "float32") {
    throw new GradientError(
      `${where}: expected the loss to be a float32 scalar, got ${describe(loss)}. ` +
        "Reduce it (tf.mean, tf.sum), or return [loss, aux] with { hasAux: true }.",
    );
  }
  return [loss, aux];
}
