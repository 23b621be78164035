/** @file The derivative as a function, backwards and forwards. */
import { installGradients } from "@nnxjs/gradients";
import { disposeSymbol } from "../dispose-symbol.ts";
import { describe, GradientError } from "../errors.ts";
import type { Filter } from "../filter/filter.ts";
import { handOver, retain } from "../ownership/holders.ts";
import { mapTensors, tensorsIn } from "../ownership/tensors-in.ts";
import { scoped, type Tensor, zerosLike } from "../tensor.ts";
import { Param } from "../variable/variable-types.ts";
import type { GradientOf } from "./grad-types.ts";
import { prepareCall, toPositions } from "./positions.ts";
import { backward, recordForLater } from "./tape.ts";

/** One gradient, or tangent, for each argument. */
export type GradientsOfAll<A extends readonly unknown[]> = { -readonly [K in keyof A]: GradientOf<A[K]> };

/** Takes a cotangent of the output's structure to one for each primal. It may be called again until it is disposed. */
export interface PullBack<A extends readonly unknown[], R> extends Disposable {
  (cotangent: R): GradientsOfAll<A>;
  /** Frees what the forward pass saved. */
  dispose(): void;
}

/** How {@link vjp} differentiates. */
export interface VjpOptions {
  /** Which Variables of modules are differentiated. @defaultValue Param */
  readonly wrt?: Filter;
}

/**
 * The value of `f` at `primals`, and the function that pulls cotangents of the value back to the primals.
 * @param f - Of tensors, modules, States and containers of them; returns a tensor or a structure of tensors. What has no gradient
 * (integers, numbers) is passed on.
 * @returns `[value, pullBack]`. What the forward pass saved is held until `pullBack` is disposed.
 * @throws {@link GradientError} when the cotangent has other shapes than the value.
 * @see Flax `nnx.vjp`, `jax.vjp`
 * @example
 * ```ts
 * const [y, pullBack] = nnx.vjp((a: tf.Tensor) => tf.square(a), [tf.tensor1d([1, 2])]);
 * const [ofA] = pullBack(tf.tensor1d([1, 10]));
 * Array.from(ofA.dataSync()); // => [2, 40]
 * nnx.dispose([y, ofA]);
 * pullBack.dispose();
 * ```
 */
export function vjp<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  primals: readonly [...A],
  { wrt = Param }: VjpOptions = {},
): [value: R, pullBack: PullBack<A, R>] {
  installGradients();
  const positions = toPositions(
    "vjp",
    primals.map((_, i) => i),
    primals.length,
    wrt,
  );
  const { result, call, tape, drop } = scoped(() => {
    const prepared = prepareCall("vjp", primals, positions, "pass");
    try {
      const recording = recordForLater(() => f(...(prepared.args as unknown as A)));
      // The copies are what gradients are asked for: they live as long as the tape.
      retain(prepared.watched);
      return { ...recording, call: prepared };
    } finally {
      prepared.restore();
    }
  });
  const outputs = tensorsIn(result);
  let open = true;
  const pullBack = (cotangent: R) => {
    if (!open) {
      throw new GradientError(
        "vjp: expected a pull-back that is open, got a disposed one. Dispose it after its last use.",
      );
    }
    const seeds = tensorsIn(cotangent);
    checkCotangent(outputs, seeds);
    const pairs = outputs.map((y, i) => [y, seeds[i] as Tensor] as const);
    return call.build(scoped(() => backward(tape, pairs, call.watched)));
  };
  const dispose = (): void => {
    if (!open) return;
    open = false;
    drop();
    handOver(call.watched);
    for (const tensor of call.watched) tensor.dispose();
  };
  // The gradients' types follow from the primals', which only the run knows.
  return [
    result,
    Object.assign(pullBack, { dispose, [disposeSymbol]: dispose }) as unknown as PullBack<A, R>,
  ];
}

function checkCotangent(outputs: readonly Tensor[], seeds: readonly Tensor[]): void {
  const fits =
    outputs.length === seeds.length && outputs.every((y, i) => String(y.shape) === String(seeds[i]?.shape));
  if (fits) return;
  throw new GradientError(
    `vjp: expected a cotangent like the value (${outputs.map(describe).join(", ")}), got ${seeds.map(describe).join(", ") || "none"}. ` +
      "Pass tensors of the value's shapes, in its structure.",
  );
}

/**
 * The value of `f` at `primals`, and its directional derivative along `tangents`. `f` runs once; the derivative is the pull-back of its
 * pull-back, so every rule on the way has to be differentiable.
 * @param tangents - One for each primal, in the structure of its gradient: a tensor for a tensor, a State for a module.
 * @throws {@link GradientError} when a tangent has other shapes than its primal.
 * @see `jax.jvp`
 * @example
 * ```ts
 * const [value, slope] = nnx.jvp((a: tf.Tensor) => tf.square(a), [tf.scalar(3)], [tf.scalar(1)]);
 * slope.dataSync()[0]; // => 6
 * ```
 */
export function jvp<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  primals: readonly [...A],
  tangents: GradientsOfAll<A>,
): [value: R, tangent: R] {
  return scoped(() => {
    const [value, pullBack] = vjp<A, R>(f, primals);
    try {
      const [, push] = vjp((cotangent: R) => pullBack(cotangent), [mapTensors(value, zerosLike) as R]);
      try {
        const [tangent] = push(tangents);
        return [value, tangent as R];
      } finally {
        push.dispose();
      }
    } finally {
      pullBack.dispose();
    }
  });
}
