/** @file Functions that are recorded once and replayed. */
import { isRecording } from "../tensor.ts";
import { checkFunction, checkList } from "../data/functions.ts";
import { describe, NnxError } from "../errors.ts";
import { notAResult } from "../data/not-a-result.ts";
import { checkOptions } from "../data/options.ts";
import { JitCache, type ProgramInfo } from "../program/cache.ts";
import { recordingNow } from "../program/recording.ts";
import { isCapturing } from "../recording/session.ts";
import { atomicallyOn } from "../undo/atomically.ts";

/** Options of {@link jit}. */
export interface JitOptions {
  /**
   * The positions of arguments that are no data: numbers, strings, functions, arrays, plain objects,
   * Maps and Sets of these, Dates, typed arrays. A program holds for equal values of them. An instance
   * of a class is equal to itself alone, as long as its fields are as they were.
   * @defaultValue []
   */
  readonly staticArgs?: readonly number[];
}

/** A function that is recorded once and replayed. */
export interface Jitted<A extends readonly unknown[], R> extends Disposable {
  (...args: A): R;
  /**
   * What was recorded, and why: for tests, and to see why calls are slow. The 512 recordings that were
   * used last are kept; the others are freed, and recorded again where they are needed.
   */
  readonly programs: readonly ProgramInfo[];
  /** Frees the constants of all programs. The next call records again. */
  dispose(): void;
}

/** The options, read for either function. */
function readStaticArgs(where: string, options: JitOptions): readonly number[] {
  checkOptions<JitOptions>(where, options, { staticArgs: true });
  const { staticArgs = [] } = options;
  checkList(where, "staticArgs", staticArgs);
  const odd = staticArgs.find((position) => !Number.isInteger(position) || position < 0);
  if (odd === undefined) return staticArgs;
  throw new NnxError(
    `${where}: expected staticArgs to be positions of arguments, from 0, got ${describe(odd)}. Count from the first argument.`,
  );
}

/** By recorded function: the function that it records, and the first arguments that it was given once. */
const functions = new WeakMap<
  object,
  { readonly f: (...args: never) => unknown; readonly partial: readonly unknown[] }
>();

/**
 * Returns `f` in a form that is recorded at the first call and replayed at later ones: later calls
 * run its kernels directly, without modules, tape and engine. Values are the same.
 *
 * A program holds for one definition of the arguments (classes, attributes, static values), for one
 * shape and dtype of each tensor, one backend, and equal static arguments. For others `f` is
 * recorded again. Variables of modules, States, keys and tensors in the arguments are inputs.
 * What `f` writes to Variables of its arguments is written by each call; counts of streams advance,
 * masks are drawn anew, and optimizers take their steps. Everything else that `f` reaches is a
 * constant: tensors, numbers and keys that it closes over, and random numbers of others. Variables of
 * tensorflow.js among them may change a few times; then they have to be arguments.
 *
 * A call that changes the structure of its arguments (which attributes and Variables there are), or
 * static data in them, runs as it is, each time. Inside of `grad`, `capture` and other recorded
 * functions, `f` runs as it is; what it throws undoes what it did there, too.
 * @param f - Gets everything that it changes as arguments. Not async.
 * @param options - `staticArgs`: the positions of numbers, strings and functions.
 * @returns the function, with `programs`, what was recorded and why; and `dispose`, which frees the
 * constants.
 * @throws {@link NnxError} while recording, when an argument has parts that nobody sees from outside
 * (`#private` fields, symbols), when `f` reads the values of a tensor, reaches a Variable that is not
 * in its arguments, assigns to a variable of tensorflow.js, runs a kernel whose results are as long as
 * values say (`tf.unique`), or returns a Promise or a function; {@link StructureError} when a number in
 * a Variable, which `f` read, changes for the third time. All is as before then.
 * @see Flax `nnx.jit`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.adam(1e-3));
 * const train = nnx.jit((m: nnx.Linear, opt: nnx.Optimizer, x: tf.Tensor, labels: tf.Tensor) => {
 *   const lossFn = (each: nnx.Linear) => tf.mean(tf.square(tf.sub(each.forward(x), labels)));
 *   const [loss, grads] = nnx.valueAndGrad(lossFn)(m);
 *   opt.update(m, grads);
 *   return loss;
 * });
 * const loss = train(model, optimizer, tf.ones([2, 4]), tf.zeros([2, 3])); // records the step
 * train(model, optimizer, tf.ones([2, 4]), tf.zeros([2, 3])).rank; // => 0
 * ```
 */
export function jit<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  options: JitOptions = {},
): Jitted<A, R> {
  checkFunction("jit", f);
  return recorded("jit", f, [], readStaticArgs("jit", options));
}

/**
 * {@link jit} with the first arguments given once: the model and its optimizer, say. What a call
 * changes in them stays changed, and what changes in them between calls, the next call sees.
 * @param f - As for `jit`.
 * @param partial - The first arguments of `f`. The others are those of the call.
 * @throws as `jit` does.
 * @see Flax `nnx.jit_partial`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const predict = nnx.jitPartial((m: nnx.Linear, x: tf.Tensor) => m.forward(x), model);
 * predict(tf.ones([2, 4])).shape; // => [2, 3]
 * ```
 */
export function jitPartial<P extends readonly unknown[], A extends readonly unknown[], R>(
  f: (...args: [...P, ...A]) => R,
  ...partial: P
): Jitted<A, R> {
  checkFunction("jitPartial", f);
  return recorded<[...P, ...A], A, R>("jitPartial", f, partial, []);
}

function recorded<All extends readonly unknown[], A extends readonly unknown[], R>(
  where: string,
  f: (...args: All) => R,
  partial: readonly unknown[],
  staticArgs: readonly number[],
): Jitted<A, R> {
  const cache = new JitCache(f as (...args: readonly unknown[]) => unknown, staticArgs);
  const jitted = (...args: A): R => {
    const all = (partial.length === 0 ? args : [...partial, ...args]) as readonly unknown[];
    // A tape, a capture and a recording around this one must see what `f` computes.
    if (isRecording() || isCapturing() || recordingNow()) return atomicallyOn(all, () => f(...(all as All)));
    return cache.call(all) as R;
  };
  Object.defineProperties(jitted, {
    programs: { get: () => cache.programs },
    dispose: { value: () => cache.dispose() },
    [Symbol.dispose]: { value: () => cache.dispose() },
  });
  functions.set(jitted, { f, partial });
  return notAResult(where, jitted as Jitted<A, R>);
}

/**
 * The program of a function as text, with the paths of modules: what `jit` would record for these
 * arguments, after what it leaves out. The arguments stay as they were.
 * @param f - A function, or one that `jit` or {@link jitPartial} returned.
 * @param options - As for `jit`.
 * @throws as a call of the recorded function.
 * @see JAX `jax.make_jaxpr`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * console.log(nnx.printProgram((m: nnx.Linear, x: tf.Tensor) => m.forward(x))(model, tf.ones([2, 4])));
 * ```
 */
export function printProgram<A extends readonly unknown[]>(
  f: (...args: A) => unknown,
  options: JitOptions = {},
): (...args: A) => string {
  checkFunction("printProgram", f);
  const staticArgs = readStaticArgs("printProgram", options);
  const { f: inner, partial } = functions.get(f) ?? { f, partial: [] };
  return notAResult("printProgram", (...args: A): string =>
    new JitCache(inner as (...all: readonly unknown[]) => unknown, staticArgs).print([...partial, ...args]),
  );
}
