/** @file Functions with a custom derivative. */
import { checkFunction } from "../data/functions.ts";
import { installRules } from "@nnxjs/gradients/internal";
import { checkOptions } from "../data/options.ts";
import { describe, GradientError } from "../errors.ts";
import type { Filter } from "../filter/filter.ts";
import { mapTensors, tensorsIn } from "../ownership/tensors-in.ts";
import { alias, keep, nextTensorId, type TapeNode, type Tensor, zeros, zerosLike } from "../tensor.ts";
import { atomicallyOn } from "../undo/atomically.ts";
import { Param } from "../variable/variable-types.ts";
import { leftIn, newIn } from "../autodiff/left-behind.ts";
import { inputsFromOutside } from "../autodiff/outside.ts";
import { type PreparedCall, prepareCall, toPositions } from "../autodiff/positions.ts";
import { gradientDepth, recordNode, recordUnderRule, withoutTape } from "../autodiff/tape.ts";

const where = "customVjp";

/** Options of {@link customVjp}. */
export interface CustomVjpOptions {
  /** Positions of the arguments that are not differentiated. @defaultValue [] */
  readonly nondiffArgnums?: readonly number[];
  /** Which Variables of modules are differentiated. @defaultValue Param */
  readonly wrt?: Filter;
}

type Forward<A extends readonly unknown[], R, S> = (...args: A) => readonly [R, S];
type Backward<R, S> = (residuals: S, cotangent: R) => readonly unknown[];

/** A function whose derivative is defined by `defvjp`. */
export interface CustomVjpFunction<A extends readonly unknown[], R> {
  (...args: A): R;
  /**
   * @param forward - Returns the value and whatever `backward` needs of the forward pass.
   * @param backward - From that and the gradient that comes back to the value, one gradient for
   * each differentiated argument, in its structure: a tensor for a tensor, a State of the selected
   * Variables for a module.
   */
  defvjp<S>(forward: Forward<A, R, S>, backward: Backward<R, S>): void;
}

/**
 * Returns `f` with a custom gradient. Outside of gradients `f` itself runs. In a gradient the two
 * functions given to `defvjp` run instead. If `forward` calls the custom function, `f` runs.
 * @throws {@link GradientError} when it is called before `defvjp`, when it uses something that is
 * being differentiated but is not among its arguments (or not selected by `wrt`), when the loss
 * depends on what `forward` wrote to Variables, or when the result of `backward` does not fit the
 * arguments.
 * @see Flax `nnx.custom_vjp`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
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
  options: CustomVjpOptions = {},
): CustomVjpFunction<A, R> {
  checkFunction(where, f);
  checkOptions<CustomVjpOptions>(where, options, { nondiffArgnums: true, wrt: true });
  const { nondiffArgnums = [], wrt = Param } = options;
  let rules: { forward: Forward<A, R, unknown>; backward: Backward<R, unknown> } | undefined;
  const call = (...args: A): R => {
    if (!rules) {
      throw new GradientError(
        "customVjp: expected a rule before the first call, got none. Call defvjp(forward, backward) first.",
      );
    }
    const { forward, backward } = rules;
    // This is also the case when the forward rule calls the custom function: it needs only the
    // value then.
    if (gradientDepth() <= 0) return atomicallyOn(args, () => f(...args));
    return underRule(forward, backward, args, { nondiffArgnums, wrt });
  };
  const defvjp = <S>(forward: Forward<A, R, S>, backward: Backward<R, S>): void => {
    const asCalled = "forward, backward";
    checkFunction("defvjp", forward, asCalled);
    checkFunction("defvjp", backward, asCalled, "second");
    rules = { forward, backward: backward as Backward<R, unknown> };
  };
  return Object.assign(call, { defvjp });
}

/** Records one call, with the rules in the place of the function. */
function underRule<A extends readonly unknown[], R>(
  forward: Forward<A, R, unknown>,
  backward: Backward<R, unknown>,
  args: A,
  { nondiffArgnums, wrt }: Required<CustomVjpOptions>,
): R {
  installRules();
  const argnums = args.map((_, i) => i).filter((i) => !nondiffArgnums.includes(i));
  const prepared = prepareCall(where, args, toPositions(where, argnums, args.length, wrt), {
    others: "pass",
    wanted: "passing",
  });
  const firstId = nextTensorId();
  try {
    const [[value, residuals], left] = atomicallyOn(prepared.args, (before) => {
      const { result, tape } = recordUnderRule(
        () => [forward(...(prepared.args as unknown as A)), before.newTensors()] as const,
      );
      refuseForgotten(tape, prepared);
      return [result[0], newIn(leftIn(args, before), firstId)] as const;
    });
    // With further gradients around, what the rule leaves has those.
    if (gradientDepth() <= 1) recordNode(where, prepared.watched, [...left.values()], refuseLeft);
    const result = withoutTape(() => mapTensors(value, alias)) as R;
    const saved = mapTensors(residuals, (tensor) => {
      const copy = alias(tensor);
      keep(copy);
      return copy;
    });
    const pullBack = (dys: readonly (Tensor | undefined)[]): Tensor[] => {
      let next = 0;
      const cotangent = mapTensors(result, (y) => dys[next++] ?? zerosLike(y)) as R;
      return fitting(prepared, backward(saved, cotangent));
    };
    recordNode(where, prepared.watched, tensorsIn(result), pullBack, tensorsIn(saved));
    return result;
  } finally {
    prepared.restore();
  }
}

/**
 * Refuses a forward rule that uses differentiated tensors that are not among its arguments. The
 * tape of the rule shows them.
 */
function refuseForgotten(tape: readonly TapeNode[], { watched }: PreparedCall): void {
  const [forgotten] = inputsFromOutside(tape, watched, { differentiated: true });
  if (!forgotten) return;
  throw new GradientError(
    `customVjp: expected everything that is differentiated among the differentiated arguments, got ${describe(forgotten)} as well. ` +
      "Pass it as an argument, select it with { wrt }, or wrap it in stopGradient.",
  );
}

/** Refuses the gradient of what a forward rule wrote: the backward rule knows nothing of it. */
function refuseLeft(): never {
  throw new GradientError(
    "customVjp: expected a loss that does not depend on what the forward rule wrote to Variables, got one that does. " +
      "Return what is differentiated from the function, or wrap what is read in stopGradient.",
  );
}

/** The gradients as tensors, one for each watched tensor and of its shape. */
function fitting(prepared: PreparedCall, gradients: readonly unknown[]): Tensor[] {
  const found = prepared.read(gradients);
  const { watched } = prepared;
  const fits =
    found.length === watched.length &&
    found.every((g, i) => !g || String(g.shape) === String(watched[i]?.shape));
  if (fits) return found.map((g, i) => g ?? zeros(watched[i]?.shape ?? []));
  throw new GradientError(
    `customVjp: expected gradients like the differentiated arguments (${watched.map(describe).join(", ")}), got ` +
      `${found.map(describe).join(", ") || "none"}. Return one for each argument, in its structure.`,
  );
}
