/** @file Gradients of functions of models, States and tensors. */
import { checkFunction } from "../data/functions.ts";
import { notAResult } from "../data/not-a-result.ts";
import { checkOptions } from "../data/options.ts";
import type { Filter } from "../filter/filter.ts";
import type { Tensor } from "../tensor.ts";
import type {
  DiffState as DiffStateType,
  GradientOf,
  GradientsOf,
  GradOptions,
  LossOf,
} from "./grad-types.ts";
import { runLoss } from "./loss.ts";

/** Makes {@link DiffState}s, with `new` or without. */
interface DiffStateConstructor {
  <const N extends number>(argnum: N, filter: Filter): DiffStateType<N>;
  new <const N extends number>(argnum: N, filter: Filter): DiffStateType<N>;
}

/**
 * Selects an argument, and which of its Variables are differentiated.
 * @param argnum - The position of a module.
 * @param filter - Selects Variables of the module, and tensors that stand in it without a Variable.
 * @see Flax `nnx.DiffState`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(2, 1, { rngs: new nnx.Rngs(0) });
 * const lossFn = (m: nnx.Linear, x: tf.Tensor) => tf.mean(m.forward(x));
 * const onlyBias = nnx.grad(lossFn, { argnums: new nnx.DiffState(0, nnx.pathContains("bias")) });
 * const grads = onlyBias(model, tf.ones([3, 2]));
 * Object.keys(grads); // => ["bias"]
 * nnx.dispose(grads);
 * ```
 */
export const DiffState: DiffStateConstructor = diffState as unknown as DiffStateConstructor;
export type DiffState<N extends number = number> = DiffStateType<N>;

/** A function declaration, since arrow functions cannot be called with `new`. */
function diffState(argnum: number, filter: Filter): DiffStateType {
  return { argnum, filter };
}

const optionNames = { argnums: true, hasAux: true, wrt: true } as const;

/**
 * A function that returns the value and the gradients of `f`.
 *
 * The structure of a gradient follows from the argument:
 *
 * - a module: a State of its selected Variables (`Param`, unless `wrt` or a {@link DiffState}
 *   selects others);
 * - a State: a State of all its leaves; what `unpack` returns: the same with gradients;
 * - a tensor, or arrays, plain objects and Maps of tensors: the same structure.
 *
 * A tensor that stands in a module without a Variable is differentiated if the filter selects it,
 * for example a predicate on its path. Its gradient is then the leaf itself. Where the loss does
 * not depend on a value, the gradient is zeros. A shared Variable has one gradient, the sum over
 * all its uses. Variables that `f` changes stay changed.
 * @param f - Returns a float32 scalar, or with `hasAux` a pair of it and anything else. Not async.
 * @returns `[value, gradients]`, with `hasAux` `[[value, aux], gradients]`.
 * @throws {@link GradientError} when the loss is no scalar, an argument has no float32 values, or
 * an op has no gradient rule; and whatever `f` throws. Then everything that can be reached from the
 * arguments, and every Variable that `f` wrote to, is as before. `f` runs once in any case.
 * @see Flax `nnx.value_and_grad`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(2, 1, { useBias: false, rngs: new nnx.Rngs(0) });
 * model.kernel.value = tf.ones([2, 1]);
 * const lossFn = (m: nnx.Linear, x: tf.Tensor) => tf.mean(tf.square(m.forward(x)));
 * const [loss, grads] = nnx.valueAndGrad(lossFn)(model, tf.tensor2d([[1, 2]]));
 * loss.dataSync()[0]; // => 9
 * Array.from(grads.kernel.value.dataSync()); // => [6, 12]
 * nnx.dispose([loss, grads]);
 * ```
 */
export function valueAndGrad<A extends readonly unknown[], R extends Tensor>(
  f: (...args: A) => R,
): (...args: A) => [R, GradientOf<A[0]>];
export function valueAndGrad<A extends readonly unknown[], const O extends GradOptions, R extends LossOf<O>>(
  f: (...args: A) => R,
  options: O,
): (...args: A) => [ValueOf<R>, GradientsOf<A, O>];
export function valueAndGrad(
  f: (...args: unknown[]) => unknown,
  options: GradOptions = {},
): (...args: unknown[]) => unknown {
  const where = "valueAndGrad";
  checkFunction(where, f);
  checkOptions<GradOptions>(where, options, optionNames);
  return notAResult(where, (...args: unknown[]) => {
    return differentiate(where, f, args, options, (loss, aux) => (options.hasAux ? [loss, aux] : loss));
  });
}

/** What `valueAndGrad` gives for a value: pairs come as mutable tuples. */
export type ValueOf<R> = R extends Tensor ? R : { -readonly [K in keyof R]: R[K] };

/** `[gradients, aux]` with `hasAux`, the gradients alone without. */
export type GradResult<A extends readonly unknown[], O extends GradOptions, R> = O["hasAux"] extends true
  ? [GradientsOf<A, O>, R extends readonly [unknown, infer Aux] ? Aux : never]
  : GradientsOf<A, O>;

/**
 * As {@link valueAndGrad}, without the value.
 * @param f - The loss: its value is a float32 scalar.
 * @returns the gradients, with `hasAux` `[gradients, aux]`.
 * @see Flax `nnx.grad`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const lossFn = (m: nnx.Linear, x: tf.Tensor) => tf.mean(tf.square(m.forward(x)));
 * const grads = nnx.grad(lossFn)(model, tf.ones([2, 4]));
 * grads.kernel.value.shape; // => [4, 3]
 * nnx.dispose(grads);
 * ```
 */
export function grad<A extends readonly unknown[], R extends Tensor>(
  f: (...args: A) => R,
): (...args: A) => GradientOf<A[0]>;
export function grad<A extends readonly unknown[], const O extends GradOptions, R extends LossOf<O>>(
  f: (...args: A) => R,
  options: O,
): (...args: A) => GradResult<A, O, R>;
export function grad(
  f: (...args: unknown[]) => unknown,
  options: GradOptions = {},
): (...args: unknown[]) => unknown {
  const where = "grad";
  checkFunction(where, f);
  checkOptions<GradOptions>(where, options, optionNames);
  return notAResult(where, (...args: unknown[]) => {
    const [aux, gradients] = differentiate(where, f, args, options, (_loss, aux) => aux);
    return options.hasAux ? [gradients, aux] : gradients;
  });
}

/** Takes gradients. @param keep - Makes what is kept of the loss and aux. */
function differentiate<K>(
  where: string,
  f: (...args: unknown[]) => unknown,
  args: readonly unknown[],
  options: GradOptions,
  keep: (loss: Tensor, aux: unknown) => K,
): [kept: K, gradients: unknown] {
  const { kept, found, call } = runLoss(where, {
    ...options,
    f,
    args,
    keep,
    goBack: (gradientsOf, watched) => gradientsOf(watched),
  });
  const gradients = call.build(found);
  return [kept, Array.isArray(options.argnums) ? gradients : gradients[0]];
}
