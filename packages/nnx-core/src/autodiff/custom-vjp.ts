/** @file Functions with a derivative of one's own. */
import { installGradients } from "@nnxjs/gradients";
import { describe, GradientError } from "../errors.ts";
import type { Filter } from "../filter/filter.ts";
import { mapTensors, tensorsIn } from "../ownership/tensors-in.ts";
import { flattenState } from "../state/flatten-state.ts";
import { leafValue, type State } from "../state/state.ts";
import { alias, isRecording, keep, scoped, type Tensor } from "../tensor.ts";
import { Param } from "../variable/variable-types.ts";
import { Variable } from "../variable/variable.ts";
import { isStateLike } from "./argument.ts";
import { prepareCall, toPositions } from "./positions.ts";
import { recordingDepth, recordNode, withoutTape } from "./tape.ts";

/** Options of {@link customVjp}. */
export interface CustomVjpOptions {
  /** Positions that are constants. @defaultValue [] */
  readonly nondiffArgnums?: readonly number[];
  /** Which Variables of modules are differentiated. @defaultValue Param */
  readonly wrt?: Filter;
}

/** A function whose derivative is to be, or was, defined. */
export interface CustomVjpFunction<A extends readonly unknown[], R> {
  (...args: A): R;
  /**
   * @param forward - Returns the value and whatever `backward` needs of the forward pass.
   * @param backward - From that and the gradient that comes back to the value, one gradient for each differentiated argument, in its
   * structure: a tensor for a tensor, a State of the selected Variables for a module.
   */
  defvjp<S>(
    forward: (...args: A) => readonly [R, S],
    backward: (residuals: S, cotangent: R) => readonly unknown[],
  ): void;
}

/**
 * `f` with a gradient of one's own. Where nothing is differentiated `f` itself runs; otherwise the two functions given to `defvjp` do.
 * @throws {@link GradientError} when it is called before `defvjp`, or `backward` returns something that does not fit.
 * @see Flax `nnx.custom_vjp`
 * @example
 * ```ts
 * const clippedLog = nnx.customVjp((a: tf.Tensor) => tf.log(a));
 * clippedLog.defvjp(
 *   (a) => [tf.log(a), a] as const,
 *   (a, g) => [tf.div(g, tf.maximum(a, 0.1))],
 * );
 * nnx.grad((a: tf.Tensor) => tf.sum(clippedLog(a)))(tf.tensor1d([0.5])).dataSync()[0]; // => 2
 * ```
 */
export function customVjp<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  { nondiffArgnums = [], wrt = Param }: CustomVjpOptions = {},
): CustomVjpFunction<A, R> {
  let rules:
    | {
        forward: (...args: A) => readonly [R, unknown];
        backward: (residuals: unknown, cotangent: R) => readonly unknown[];
      }
    | undefined;
  const call = (...args: A): R => {
    if (!rules)
      throw new GradientError(
        "customVjp: expected a rule before the first call, got none. Call defvjp(forward, backward) first.",
      );
    if (!isRecording()) return f(...args);
    const { forward, backward } = rules;
    installGradients();
    const positions = args.map((_, i) => i).filter((i) => !nondiffArgnums.includes(i));
    const prepared = prepareCall("customVjp", args, toPositions("customVjp", positions, args.length, wrt));
    try {
      const run = () => forward(...(prepared.args as unknown as A));
      // In a nested run the forward pass is recorded too: its residuals may be differentiated once more.
      const [value, residuals] = recordingDepth() > 1 ? run() : withoutTape(() => scoped(run));
      const result = withoutTape(() => mapTensors(value, alias)) as R;
      const saved = mapTensors(residuals, (tensor) => {
        const copy = alias(tensor);
        keep(copy);
        return copy;
      });
      const pullBack = (dys: readonly Tensor[]): Tensor[] => {
        let next = 0;
        const cotangent = mapTensors(result, () => dys[next++] as Tensor) as R;
        return gradientsIn(backward(saved, cotangent), prepared.watched);
      };
      recordNode("customVjp", prepared.watched, tensorsIn(result), pullBack, tensorsIn(saved));
      return result;
    } finally {
      prepared.restore();
    }
  };
  const defvjp: CustomVjpFunction<A, R>["defvjp"] = (forward, backward) => {
    rules = { forward, backward: backward as (residuals: unknown, cotangent: R) => readonly unknown[] };
  };
  return Object.assign(call, { defvjp });
}

/** The tensors of gradients, in the order in which the arguments' were watched. */
function gradientsIn(gradients: readonly unknown[], watched: readonly Tensor[]): Tensor[] {
  const found = gradients.flatMap(leaves);
  const fits =
    found.length === watched.length && found.every((g, i) => String(g.shape) === String(watched[i]?.shape));
  if (fits) return found;
  throw new GradientError(
    `customVjp: expected gradients like the differentiated arguments (${watched.map(describe).join(", ")}), got ` +
      `${found.map(describe).join(", ") || "none"}. Return one for each argument, in its structure.`,
  );
}

function leaves(gradient: unknown): Tensor[] {
  if (gradient instanceof Variable) return tensorsIn(gradient.value);
  if (isStateLike(gradient))
    return flattenState(gradient as State).flatMap(([, leaf]) => tensorsIn(leafValue(leaf)));
  if (Array.isArray(gradient)) return gradient.flatMap(leaves);
  return tensorsIn(gradient);
}
