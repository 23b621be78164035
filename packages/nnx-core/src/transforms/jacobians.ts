/** @file All first or second derivatives of a function that does not return a scalar. */
import type { GradientsOf } from "../autodiff/grad-types.ts";
import { toPositions } from "../autodiff/positions.ts";
import { installRules } from "@nnxjs/gradients/internal";
import { checkFunction } from "../data/functions.ts";
import { notAResult } from "../data/not-a-result.ts";
import { checkOptions } from "../data/options.ts";
import type { Tensor } from "../tensor.ts";
import { Param } from "../variable/variable-types.ts";
import { inTurn } from "./in-turn.ts";
import { forward, reverse, type Way } from "./jacobian-ways.ts";
import type { StackedOf } from "./stack-results.ts";

/** Options of {@link jacrev}, {@link jacfwd} and {@link hessian}. */
export interface JacobianOptions {
  /**
   * The positions of the differentiated arguments. One gives one Jacobian, an array an array.
   * @defaultValue 0
   */
  readonly argnums?: number | readonly number[];
  /** The function returns `[value, aux]`, and aux is passed through. @defaultValue false */
  readonly hasAux?: boolean;
}

/** For each tensor of a result, the derivatives in the structure of the argument. */
export type JacobianOf<R, G> = R extends Tensor
  ? StackedOf<G>
  : { -readonly [K in keyof R]: JacobianOf<R[K], G> };

type ResultOf<R, O extends JacobianOptions> = O["hasAux"] extends true
  ? R extends readonly [infer V, unknown]
    ? V
    : never
  : R;

/** The Jacobian, with `hasAux` `[Jacobian, aux]`. */
export type JacobianResult<
  A extends readonly unknown[],
  R,
  O extends JacobianOptions,
> = O["hasAux"] extends true
  ? [JacobianOf<ResultOf<R, O>, GradientsOf<A, O>>, R extends readonly [unknown, infer Aux] ? Aux : never]
  : JacobianOf<R, GradientsOf<A, O>>;

const optionNames = { argnums: true, hasAux: true } as const;

function jacobianOf(
  where: string,
  f: unknown,
  options: JacobianOptions,
  way: Way,
): (...args: never[]) => unknown {
  checkFunction(where, f);
  checkOptions<JacobianOptions>(where, options, optionNames);
  const { argnums = 0, hasAux = false } = options;
  return notAResult(where, (...args: never[]): unknown =>
    inTurn(where, args, () => {
      installRules();
      const positions = toPositions(where, argnums, args.length, Param).map(({ argnum }) => argnum);
      const primals = positions.map((i) => args[i]);
      const onPrimals = (...given: unknown[]): unknown => {
        const all: unknown[] = [...args];
        positions.forEach((position, i) => {
          all[position] = given[i];
        });
        return (f as (...all: unknown[]) => unknown)(...all);
      };
      const { jacobian, aux, dispose } = way(where, onPrimals, primals, hasAux);
      try {
        const made = jacobian((gradients) => (Array.isArray(argnums) ? gradients : gradients[0]));
        return hasAux ? [made, aux] : made;
      } finally {
        dispose();
      }
    }),
  );
}

/**
 * All derivatives of `f`, row by row: one backward pass for each element of its value. `f` runs
 * once.
 * @param f - Returns a float32 tensor, or arrays and plain objects of these. Not async.
 * @returns for each tensor of the value, the derivatives in the structure of the gradient of the
 * argument: of shape `[...value, ...argument]`. With `hasAux` `[Jacobian, aux]`.
 * @throws {@link GradientError} as {@link grad}; everything is as before then.
 * @see `jax.jacrev`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const jacobian = nnx.jacrev((a: tf.Tensor) => tf.square(a))(tf.tensor1d([1, 2]));
 * jacobian.arraySync(); // => [[2, 0], [0, 4]]
 * nnx.dispose(jacobian);
 * ```
 */
export function jacrev<
  A extends readonly unknown[],
  R,
  const O extends JacobianOptions = Record<never, never>,
>(f: (...args: A) => R, options?: O): (...args: A) => JacobianResult<A, R, O> {
  return jacobianOf("jacrev", f, options ?? {}, reverse) as unknown as (
    ...args: A
  ) => JacobianResult<A, R, O>;
}

/**
 * As {@link jacrev}, but column by column: one forward pass for each element of the arguments. It
 * is quicker where these have fewer elements than the value. Every gradient rule that `f` uses must
 * be differentiable, see {@link jvp}. Arguments are tensors, or arrays and plain objects of these.
 * @see `jax.jacfwd`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.jacfwd((v: tf.Tensor1D) => tf.square(v))(tf.tensor1d([1, 2])).shape; // => [2, 2]
 * ```
 */
export function jacfwd<
  A extends readonly unknown[],
  R,
  const O extends JacobianOptions = Record<never, never>,
>(f: (...args: A) => R, options?: O): (...args: A) => JacobianResult<A, R, O> {
  return jacobianOf("jacfwd", f, options ?? {}, forward) as unknown as (
    ...args: A
  ) => JacobianResult<A, R, O>;
}

/** The second derivatives, with `hasAux` `[Hessian, aux]`. */
export type HessianResult<
  A extends readonly unknown[],
  R,
  O extends JacobianOptions,
> = O["hasAux"] extends true
  ? [
      JacobianOf<JacobianOf<ResultOf<R, O>, GradientsOf<A, O>>, GradientsOf<A, O>>,
      R extends readonly [unknown, infer Aux] ? Aux : never,
    ]
  : JacobianOf<JacobianOf<R, GradientsOf<A, O>>, GradientsOf<A, O>>;

/**
 * All second derivatives of `f`: the Jacobian of its Jacobian, of shape `[...value, ...argument,
 * ...argument]`. `f` runs once. Arguments are tensors, or arrays and plain objects of these.
 * @param f - As for {@link jacrev}; mostly a function that returns a scalar.
 * @throws {@link GradientError} as {@link grad}; everything is as before then.
 * @see `jax.hessian`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const second = nnx.hessian((a: tf.Tensor) => tf.sum(tf.pow(a, 3)))(tf.tensor1d([1, 2]));
 * second.arraySync(); // => [[6, 0], [0, 12]]
 * nnx.dispose(second);
 * ```
 */
export function hessian<
  A extends readonly unknown[],
  R,
  const O extends JacobianOptions = Record<never, never>,
>(f: (...args: A) => R, options?: O): (...args: A) => HessianResult<A, R, O> {
  const given = options ?? {};
  checkFunction("hessian", f);
  checkOptions<JacobianOptions>("hessian", given, optionNames);
  const first = jacobianOf("hessian", f, given, reverse);
  return jacobianOf("hessian", first, given, reverse) as unknown as (...args: A) => HessianResult<A, R, O>;
}
