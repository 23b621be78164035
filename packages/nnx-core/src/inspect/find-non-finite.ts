/** @file Finds the op that gave the first NaN or infinity. */
import { checkFunction } from "../data/functions.ts";
import { runLoss } from "../autodiff/loss.ts";
import type { CaptureGradientsOptions } from "../capture/capture-gradients.ts";
import { capturedModules } from "../capture/recording.ts";
import type { Modules } from "../recording/running.ts";
import type { Session } from "../recording/session.ts";
import { checkOptions } from "../data/options.ts";
import { notAResult } from "../data/not-a-result.ts";
import type { Tensor } from "../tensor.ts";
import { Param } from "../variable/variable-types.ts";
import { LateWatch, type NonFinite, Watch, type Watcher } from "./non-finite-watch.ts";

export type { NonFinite };

/** How {@link findNonFinite} runs the loss. It does not look at aux. */
export type FindNonFiniteOptions = Pick<CaptureGradientsOptions, "hasAux" | "wrt" | "keepUpdates">;

/**
 * Runs a loss forward and back, and finds the first op with a NaN or an infinity in its result, and
 * the module that called the op. It looks at the forward pass first, then at the backward pass. It
 * reads every result, so it is slow; a GPU has to be waited for each time: use
 * {@link findNonFiniteAsync} there. The model is as before afterwards, unless `keepUpdates` is
 * set: the step can be looked at again.
 * @param model - The module to differentiate.
 * @param f - The loss, a function of the model and further arguments. It returns a float32 scalar,
 * or with `hasAux` a pair of it and anything else.
 * @returns a function of the further arguments. It returns what was found, or `undefined` when
 * every result is finite.
 * @throws {@link GradientError} when the loss is no scalar; and whatever the loss throws, unless a
 * NaN or an infinity came before: that may be the cause, so it is returned.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const broken = (m: nnx.Linear, x: tf.Tensor) => tf.mean(tf.log(tf.sub(m.forward(x), 1e3)));
 * const found = nnx.findNonFinite(model, broken)(tf.ones([2, 4]));
 * [found?.phase, found?.op, found?.path]; // => ["forward", "Log", []]
 * ```
 */
export function findNonFinite<M extends object, A extends readonly unknown[]>(
  model: M,
  f: (model: M, ...args: A) => readonly [loss: Tensor, aux: unknown],
  options: FindNonFiniteOptions & { readonly hasAux: true },
): (...args: A) => NonFinite | undefined;
export function findNonFinite<M extends object, A extends readonly unknown[]>(
  model: M,
  f: (model: M, ...args: A) => Tensor,
  options?: FindNonFiniteOptions & { readonly hasAux?: false },
): (...args: A) => NonFinite | undefined;
export function findNonFinite(
  model: object,
  f: Loss,
  options: FindNonFiniteOptions = {},
): (...args: unknown[]) => NonFinite | undefined {
  const where = "findNonFinite";
  checkArguments(where, f, options);
  return notAResult(where, (...args: unknown[]) => {
    const modules = capturedModules(where, model);
    const watch = new Watch(modules);
    try {
      runWatched({ where, f, options, modules, args: [model, ...args] }, watch);
    } catch (error) {
      if (!watch.found) throw error;
    }
    return watch.found;
  });
}

/**
 * The same as {@link findNonFinite}, for every backend: the loss runs at once, forward and back, the
 * backend itself counts, and the counts are read without blocking afterwards.
 * @param model - The module to differentiate.
 * @param f - The loss, as for {@link findNonFinite}.
 * @returns a function of the further arguments. Its promise is what was found, or `undefined`.
 * @throws what {@link findNonFinite} throws.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 1, { rngs: new nnx.Rngs(0) });
 * const broken = (m: nnx.Linear, x: tf.Tensor2D) => tf.mean(tf.log(tf.sub(m.forward(x), 1e3)));
 * (await nnx.findNonFiniteAsync(model, broken)(tf.ones([2, 4])))?.op; // => "Log"
 * ```
 */
export function findNonFiniteAsync<M extends object, A extends readonly unknown[]>(
  model: M,
  f: (model: M, ...args: A) => readonly [loss: Tensor, aux: unknown],
  options: FindNonFiniteOptions & { readonly hasAux: true },
): (...args: A) => Promise<NonFinite | undefined>;
export function findNonFiniteAsync<M extends object, A extends readonly unknown[]>(
  model: M,
  f: (model: M, ...args: A) => Tensor,
  options?: FindNonFiniteOptions & { readonly hasAux?: false },
): (...args: A) => Promise<NonFinite | undefined>;
export function findNonFiniteAsync(
  model: object,
  f: Loss,
  options: FindNonFiniteOptions = {},
): (...args: unknown[]) => Promise<NonFinite | undefined> {
  const where = "findNonFiniteAsync";
  checkArguments(where, f, options);
  return async (...args: unknown[]) => {
    const modules = capturedModules(where, model);
    const watch = new LateWatch(modules);
    let failure: { readonly error: unknown } | undefined;
    try {
      runWatched({ where, f, options, modules, args: [model, ...args] }, watch);
    } catch (error) {
      failure = { error };
    }
    const found = await watch.find();
    if (failure && !found) throw failure.error;
    return found;
  };
}

type Loss = (model: object, ...args: unknown[]) => unknown;

function checkArguments(where: string, f: unknown, options: FindNonFiniteOptions): void {
  checkFunction(where, f, "model, f", "second");
  checkOptions<FindNonFiniteOptions>(where, options, { hasAux: true, wrt: true, keepUpdates: true });
}

/** A run of a loss that somebody watches. */
interface WatchedRun {
  readonly where: string;
  readonly f: Loss;
  readonly options: FindNonFiniteOptions;
  readonly modules: Modules;
  readonly args: readonly unknown[];
}

/** Runs a loss forward and, if nothing was found, back. */
function runWatched({ where, f, options, modules, args }: WatchedRun, watch: Watcher): void {
  const { hasAux = false, wrt = Param, keepUpdates = false } = options;
  const session: Session = { where, modules, record: () => false };
  runLoss(where, {
    f: (...all: Parameters<Loss>) => watch.forward(() => f(...all)),
    args,
    hasAux,
    wrt,
    session,
    alwaysUndo: !keepUpdates,
    keep: () => undefined,
    goBack: (gradientsOf, watched) => {
      if (!watch.found) gradientsOf(watched, watch.backward);
    },
  });
}
