/** @file Derivatives as functions: `vjp` goes backwards, `jvp` forwards. */
import { checkFunction, checkList } from "../data/functions.ts";
import { disposeSymbol } from "../data/dispose-symbol.ts";
import { refuseDisposedIn } from "../state/disposed.ts";
import { checkOptions } from "../data/options.ts";
import { describe, GradientError } from "../errors.ts";
import type { Filter } from "../filter/filter.ts";
import { hold, holdersOf } from "../ownership/lease.ts";
import { mapTensors, tensorsIn } from "../ownership/tensors-in.ts";
import { scoped, type Tensor, zerosLike } from "../tensor.ts";
import { Param } from "../variable/variable-types.ts";
import type { GradientOf } from "./grad-types.ts";
import { toPositions } from "./positions.ts";
import { runPrepared, valueAndAux } from "./run-prepared.ts";
import { backward, recordForLater } from "./tape.ts";
import { atomically, atomicallyOn } from "../undo/atomically.ts";

/** One gradient for each argument, or one tangent. */
export type GradientsOfAll<A extends readonly unknown[]> = { -readonly [K in keyof A]: GradientOf<A[K]> };

/**
 * Takes a cotangent of the value to one for each primal. It can be called many times, until it is
 * disposed.
 */
export interface PullBack<A extends readonly unknown[], R> extends Disposable {
  (cotangent: R): GradientsOfAll<A>;
  /** Frees what the forward pass saved. */
  dispose(): void;
}

/** How {@link vjp} differentiates. */
export interface VjpOptions {
  /** Which Variables of modules are differentiated. @defaultValue Param */
  readonly wrt?: Filter;
  /** The function returns `[value, aux]`, and aux is passed through. @defaultValue false */
  readonly hasAux?: boolean;
}

/** How {@link jvp} differentiates. */
export interface JvpOptions {
  /** The function returns `[value, aux]`, and aux is passed through. @defaultValue false */
  readonly hasAux?: boolean;
}

/**
 * The value of `f` at `primals`, and the function that pulls cotangents of the value back to the
 * primals.
 * @param f - A function of tensors, modules, States and containers of these. It returns a tensor or
 * a structure of tensors. Arguments that can have no gradient (integers, numbers) are passed on.
 * @returns `[value, pullBack]`, with `hasAux` `[value, pullBack, aux]`. `pullBack` holds what the
 * forward pass saved until it is disposed.
 * @throws {@link GradientError} when the cotangent has other shapes than the value; and whatever
 * `f` throws. Everything is as before then, as with {@link grad}.
 * @see Flax `nnx.vjp`, `jax.vjp`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const [y, pullBack] = nnx.vjp((a: tf.Tensor) => tf.square(a), [tf.tensor1d([1, 2])]);
 * const [ofA] = pullBack(tf.tensor1d([1, 10]));
 * Array.from(ofA.dataSync()); // => [2, 40]
 * nnx.dispose([y, ofA]);
 * pullBack.dispose();
 * ```
 */
export function vjp<A extends readonly unknown[], R, Aux>(
  f: (...args: A) => readonly [value: R, aux: Aux],
  primals: readonly [...A],
  options: VjpOptions & { readonly hasAux: true },
): [value: R, pullBack: PullBack<A, R>, aux: Aux];
export function vjp<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  primals: readonly [...A],
  options?: VjpOptions & { readonly hasAux?: false },
): [value: R, pullBack: PullBack<A, R>];
export function vjp<A extends readonly unknown[]>(
  f: (...args: A) => unknown,
  primals: readonly [...A],
  options: VjpOptions = {},
): unknown[] {
  checkOptions<VjpOptions>("vjp", options, { wrt: true, hasAux: true });
  checkFunction("vjp", f, "f, primals");
  checkList("vjp", "primals", primals);
  const { wrt = Param, hasAux = false } = options;
  const { value, pullBack, aux } = pulledBack("vjp", f, primals, wrt, hasAux);
  return hasAux ? [value, pullBack, aux] : [value, pullBack];
}

interface PulledBack {
  readonly value: unknown;
  readonly aux: unknown;
  readonly pullBack: PullBack<never, never>;
}

/** Runs `f` once, see {@link vjp}. */
export function pulledBack<A extends readonly unknown[]>(
  where: string,
  f: (...args: A) => unknown,
  primals: readonly [...A],
  wrt: Filter,
  hasAux: boolean,
): PulledBack {
  const argnums = primals.map((_, i) => i);
  const positions = toPositions(where, argnums, primals.length, wrt);
  const [[result, recorded], call] = runPrepared(
    where,
    primals,
    positions,
    ({ args, watched }, before) => {
      const { result: made, ...tape } = recordForLater(() => {
        const [value, aux] = valueAndAux(where, f(...(args as unknown as A)), hasAux, "value");
        return { value, aux, others: [...tensorsIn([value, aux]), ...before.newTensors()] };
      });
      // Each pull-back takes gradients of the copies, so they live as long as the tape.
      const lease = hold(watched);
      // A function, since the scope would keep all tensors of a tape that it finds in its result.
      return [made, () => ({ ...tape, lease })] as const;
    },
    { others: "pass" },
  );
  const { tape, drop, lease } = recorded();
  const outputs = tensorsIn(result.value);
  let open = true;
  const pullBack = (cotangent: unknown) => {
    if (!open) {
      throw new GradientError(
        `${where}: expected a pull-back that is open, got a disposed one. Dispose it after its last use.`,
      );
    }
    const seeds = tensorsIn(cotangent);
    checkCotangent(where, outputs, seeds);
    const pairs = outputs.map((y, i) => [y, seeds[i] as Tensor] as const);
    return call.build(scoped(() => atomically([], () => backward(tape, pairs, call.watched))));
  };
  const dispose = (): void => {
    if (!open) return;
    open = false;
    drop();
    lease.handOver();
    // A copy that the function stored in a Variable is the Variable's.
    for (const tensor of call.watched) if (holdersOf(tensor) === 0) tensor.dispose();
  };
  // The types of the gradients follow from those of the primals, which only `vjp` knows.
  const made = Object.assign(pullBack, { dispose, [disposeSymbol]: dispose }) as unknown;
  return { value: result.value, aux: result.aux, pullBack: made as PullBack<never, never> };
}

function checkCotangent(where: string, outputs: readonly Tensor[], seeds: readonly Tensor[]): void {
  const fits =
    outputs.length === seeds.length && outputs.every((y, i) => String(y.shape) === String(seeds[i]?.shape));
  refuseDisposedIn(where, "the cotangent", seeds);
  if (fits) return;
  throw new GradientError(
    `${where}: expected a cotangent like the value (${outputs.map(describe).join(", ")}), got ${seeds.map(describe).join(", ") || "none"}. ` +
      "Pass tensors of the value's shapes, in its structure.",
  );
}

/**
 * The value of `f` at `primals`, and its directional derivative along `tangents`. `f` runs once.
 * The derivative is the pull-back of the pull-back of `f`, so every gradient rule that it uses must
 * be differentiable.
 * @param tangents - One for each primal, in the structure of its gradient: a tensor for a tensor, a
 * State for a module.
 * @throws {@link GradientError} when a tangent has other shapes than its primal.
 * @see `jax.jvp`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const [value, slope] = nnx.jvp((a: tf.Tensor) => tf.square(a), [tf.scalar(3)], [tf.scalar(1)]);
 * slope.dataSync()[0]; // => 6
 * ```
 */
export function jvp<A extends readonly unknown[], R, Aux>(
  f: (...args: A) => readonly [value: R, aux: Aux],
  primals: readonly [...A],
  tangents: GradientsOfAll<A>,
  options: JvpOptions & { readonly hasAux: true },
): [value: R, tangent: R, aux: Aux];
export function jvp<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  primals: readonly [...A],
  tangents: GradientsOfAll<A>,
  options?: JvpOptions & { readonly hasAux?: false },
): [value: R, tangent: R];
export function jvp<A extends readonly unknown[]>(
  f: (...args: A) => unknown,
  primals: readonly [...A],
  tangents: GradientsOfAll<A>,
  options: JvpOptions = {},
): unknown[] {
  checkOptions<JvpOptions>("jvp", options, { hasAux: true });
  checkFunction("jvp", f, "f, primals, tangents");
  checkList("jvp", "primals", primals);
  checkList("jvp", "tangents", tangents);
  const { hasAux = false } = options;
  const [result] = scoped(() =>
    atomicallyOn(primals, () => {
      const { value, aux, push, dispose } = pushed("jvp", f, primals, hasAux);
      try {
        const tangent = push(tangents);
        const all = hasAux ? [value, tangent, aux] : [value, tangent];
        return [all, tensorsIn(all)] as const;
      } finally {
        dispose();
      }
    }),
  );
  return result;
}

/** The value of a function, and its derivative as a function of tangents. */
export interface Pushed {
  readonly value: unknown;
  readonly aux: unknown;
  /** Takes one tangent for each primal to a tangent of the value. Can be called many times. */
  readonly push: (tangents: readonly unknown[]) => unknown;
  /** Frees what the forward pass saved. */
  readonly dispose: () => void;
}

/** Runs `f` once. Call it in a scope, and `dispose` there, too. */
export function pushed<A extends readonly unknown[]>(
  where: string,
  f: (...args: A) => unknown,
  primals: readonly [...A],
  hasAux: boolean,
): Pushed {
  const { value, aux, pullBack } = pulledBack(where, f, primals, Param, hasAux);
  try {
    const zero = mapTensors(value, zerosLike);
    const again = (cotangent: never) => pullBack(cotangent);
    const forward = pulledBack(where, again, [zero as never], Param, false).pullBack;
    const push = (tangents: readonly unknown[]): unknown => (forward(tangents as never) as unknown[])[0];
    const dispose = (): void => {
      forward.dispose();
      pullBack.dispose();
    };
    return { value, aux, push, dispose };
  } catch (error) {
    pullBack.dispose();
    throw error;
  }
}
