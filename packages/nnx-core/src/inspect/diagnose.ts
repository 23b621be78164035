/** @file Looks at one step of training, or at one evaluation, and says what looks wrong. */
import { checkFunction } from "../data/functions.ts";
import { notAResult } from "../data/not-a-result.ts";
import { checkOptions } from "../data/options.ts";
import { describe, NnxError } from "../errors.ts";
import { valuesOf } from "../tensor.ts";
import type { DiagnoseOptions, Diagnosis, Loss } from "./diagnose-types.ts";
import { judge } from "./judge-step.ts";
import { checkBins } from "./summarize.ts";
import { where } from "./take-step.ts";
import { flagOptionNames, thresholdsOf } from "./thresholds.ts";

const optionNames = {
  bins: true,
  ...flagOptionNames,
  hasAux: true,
  wrt: true,
  optimizer: true,
  training: true,
  steps: true,
} as const;

/**
 * Runs one step, and flags what looks wrong in it: everything that {@link summarize} flags in the
 * outputs of all layers and their gradients; updates that are too large or too small for the
 * weights; layers that get no gradient or no update; layers in the wrong mode; streams and kernels
 * that were made from the same seed; an input that is not normalized; running statistics that lag
 * behind. The model, the optimizer and all arguments are as before afterwards.
 * @param model - The module to differentiate.
 * @param f - The loss, a function of the model and further arguments. It returns a float32 scalar,
 * or with `hasAux` a pair of it and anything else.
 * @returns a function of the further arguments. It reads all tensors synchronously; where a backend
 * cannot do that, use {@link diagnoseAsync}.
 * @throws what {@link captureGradients} and the optimizer throw; {@link NnxError} for options that
 * it does not know.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const lossFn = (m: nnx.Linear, x: tf.Tensor) => tf.mean(tf.square(m.forward(x)));
 * const optimizer = new nnx.Optimizer(model, nnx.adam(10));
 * const found = nnx.diagnose(model, lossFn, { optimizer })(tf.ones([2, 4]));
 * console.log(String(found)); // each layer in the order of the calls, then what looks wrong
 * found.flags.some(({ kind }) => kind === "largeUpdates"); // => true
 * ```
 */
export function diagnose<M extends object, A extends readonly unknown[]>(
  model: M,
  f: Loss<M, A>,
  options: DiagnoseOptions = {},
): (...args: A) => Diagnosis {
  checkArguments(f, options);
  return notAResult(where, (...args: A) => {
    const work = judge(model, f as Loss<object, readonly unknown[]>, options, args);
    let next = work.next();
    while (!next.done) next = work.next(valuesOf(next.value, where, "Use diagnoseAsync."));
    return next.value;
  });
}

/**
 * The same as {@link diagnose}, for every backend: the step runs at once, and then one tensor after
 * the other is read without blocking.
 * @param model - The model, which stays as it is.
 * @param f - The loss, as for {@link diagnose}.
 * @throws as {@link diagnose}.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const lossFn = (m: nnx.Linear, x: tf.Tensor) => tf.mean(tf.square(m.forward(x)));
 * (await nnx.diagnoseAsync(model, lossFn)(tf.ones([2, 4]))).flags.length; // => 0
 * ```
 */
export function diagnoseAsync<M extends object, A extends readonly unknown[]>(
  model: M,
  f: Loss<M, A>,
  options: DiagnoseOptions = {},
): (...args: A) => Promise<Diagnosis> {
  checkArguments(f, options);
  return async (...args: A) => {
    const work = judge(model, f as Loss<object, readonly unknown[]>, options, args);
    let next = work.next();
    while (!next.done) next = work.next(await next.value.data());
    return next.value;
  };
}

function checkArguments(f: unknown, options: DiagnoseOptions): void {
  checkFunction(where, f, "model, f", "second");
  checkOptions<DiagnoseOptions>(where, options, optionNames);
  checkBins(where, options.bins ?? 16);
  thresholdsOf(where, options);
  const optimizer: unknown = options.optimizer;
  if (optimizer === undefined || typeof Reflect.get(Object(optimizer) as object, "update") === "function")
    return;
  throw new NnxError(
    `${where}: expected optimizer to have a method update, got ${describe(optimizer)}. ` +
      "Pass an Optimizer, or { update: (model, gradients) => ... }.",
  );
}
