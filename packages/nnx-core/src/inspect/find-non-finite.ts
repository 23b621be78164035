/** @file Finds the op that gave the first NaN or infinity. */
import { checkFunction } from "../data/functions.ts";
import { runLoss } from "../autodiff/loss.ts";
import { type OnGradient, withoutTape } from "../autodiff/tape.ts";
import type { CaptureGradientsOptions } from "../capture/capture-gradients.ts";
import { capturedModules } from "../capture/recording.ts";
import { type Modules, runningAt, runningIn } from "../recording/running.ts";
import type { Session } from "../recording/session.ts";
import { checkOptions } from "../data/options.ts";
import { notAResult } from "../data/not-a-result.ts";
import { formatPath, type Path } from "../path.ts";
import { countFaults, onRecord, type TapeNode, type Tensor, valuesOf } from "../tensor.ts";
import { Param } from "../variable/variable-types.ts";

/** The first op with a NaN or an infinity in its result. */
export interface NonFinite {
  /** Whether the loss or its backward pass called the op. */
  readonly phase: "forward" | "backward";
  /** tensorflow.js's name of the op. In the backward pass, the op whose gradient was computed. */
  readonly op: string;
  /** The path of the module whose method called the op. */
  readonly path: Path;
  /** How many NaN the result has. */
  readonly nan: number;
  /** How many infinities the result has. */
  readonly inf: number;
  /** The op's inputs: for each its name, dtype and shape, and how many NaN and Inf it has. */
  readonly inputs: readonly string[];
  toString(): string;
}

/** How {@link findNonFinite} runs the loss. It does not look at aux. */
export type FindNonFiniteOptions = Pick<CaptureGradientsOptions, "hasAux" | "wrt" | "keepUpdates">;

interface Counts {
  readonly nan: number;
  readonly inf: number;
}

const NONE: Counts = { nan: 0, inf: 0 };

const hasFaults = ({ nan, inf }: Counts): boolean => nan + inf > 0;

const mayHaveFaults = (tensor: Tensor): boolean => tensor.dtype === "float32" && !tensor.isDisposed;

function count(tensor: Tensor): Counts {
  if (!mayHaveFaults(tensor)) return NONE;
  let [nan, inf] = [0, 0];
  for (const value of valuesOf(tensor, "findNonFinite", "Use findNonFiniteAsync.")) {
    if (Number.isNaN(value)) nan++;
    else if (!Number.isFinite(value)) inf++;
  }
  return { nan, inf };
}

const faults = ({ nan, inf }: Counts): string =>
  [nan > 0 ? `${nan} NaN` : "", inf > 0 ? `${inf} Inf` : ""].filter(Boolean).join(" and ");

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

/** Looks at the results of ops. */
abstract class Watcher {
  found: NonFinite | undefined;
  private readonly modules: Modules;

  constructor(modules: Modules) {
    this.modules = modules;
  }

  /** Runs `f`, and looks at the results of all ops that the tape records. */
  forward<R>(f: () => R): R {
    const stop = onRecord((op) => {
      this.look("forward", op, op.outputs);
    });
    try {
      return f();
    } finally {
      stop();
    }
  }

  /** Looks at the gradient that the rule of an op gave. */
  readonly backward: OnGradient = (op, _input, gradient) => {
    this.look("backward", op, [gradient]);
  };

  protected abstract look(phase: NonFinite["phase"], op: TapeNode, results: readonly Tensor[]): void;

  /** The path of the module that called an op. */
  protected pathOf(phase: NonFinite["phase"], op: TapeNode): Path {
    const { modules } = this;
    const module = phase === "forward" ? runningIn(modules) : runningIn(modules, runningAt(op));
    return module ? modules.pathOf(module) : [];
  }
}

/** Counts at once, until a result is not finite. */
class Watch extends Watcher {
  protected look(phase: NonFinite["phase"], op: TapeNode, results: readonly Tensor[]): void {
    if (this.found) return;
    const counts = results.map(count).find(hasFaults);
    if (counts)
      this.found = report(phase, op.kernelName, this.pathOf(phase, op), counts, inputsOf(op, count));
  }
}

/** What an op got, with what is known of the faults in it. */
interface Input<C> {
  readonly name: string;
  readonly form: string;
  readonly counts: C;
}

const inputsOf = <C>({ inputs }: TapeNode, countIn: (tensor: Tensor) => C): Input<C>[] =>
  Object.entries(inputs).map(([name, tensor]) => ({
    name,
    form: `${tensor.dtype}[${tensor.shape.join(",")}]`,
    counts: countIn(tensor),
  }));

/** Two scalars that the backend computes: how many elements are NaN, and how many not finite. */
type Counting = ReturnType<typeof countFaults> | undefined;

/** Has the backend count, and reads the counts when the run is over. */
class LateWatch extends Watcher {
  private readonly looks: {
    readonly phase: NonFinite["phase"];
    readonly op: string;
    readonly path: Path;
    readonly results: readonly Counting[];
    readonly inputs: readonly Input<Counting>[];
  }[] = [];
  /** By the ids of tensors: results of ops are inputs of others. */
  private readonly countings = new Map<number, Counting>();

  protected look(phase: NonFinite["phase"], op: TapeNode, results: readonly Tensor[]): void {
    this.looks.push({
      phase,
      op: op.kernelName,
      path: this.pathOf(phase, op),
      results: results.map(this.countIn),
      inputs: inputsOf(op, this.countIn),
    });
  }

  private readonly countIn = (tensor: Tensor): Counting => {
    const { countings } = this;
    if (!countings.has(tensor.id))
      countings.set(tensor.id, mayHaveFaults(tensor) ? withoutTape(() => countFaults(tensor)) : undefined);
    return countings.get(tensor.id);
  };

  /** Reads the counts, and frees them. */
  async find(): Promise<NonFinite | undefined> {
    const known = new Map<Counting, Counts>([[undefined, NONE]]);
    try {
      await Promise.all(
        [...this.countings.values()].map(async (counting) => {
          if (!counting) return;
          const [[nan], [notFinite]] = await Promise.all([counting.nan.data(), counting.notFinite.data()]);
          known.set(counting, { nan: nan!, inf: notFinite! - nan! });
        }),
      );
    } finally {
      for (const counting of this.countings.values()) {
        counting?.nan.dispose();
        counting?.notFinite.dispose();
      }
    }
    const countsOf = (counting: Counting): Counts => known.get(counting) ?? NONE;
    for (const { phase, op, path, results, inputs } of this.looks) {
      const counts = results.map(countsOf).find(hasFaults);
      if (!counts) continue;
      const read = inputs.map((input) => ({ ...input, counts: countsOf(input.counts) }));
      return report(phase, op, path, counts, read);
    }
    return undefined;
  }
}

function report(
  phase: NonFinite["phase"],
  kernelName: string,
  path: Path,
  { nan, inf }: Counts,
  given: readonly Input<Counts>[],
): NonFinite {
  const inputs = given.map(({ name, form, counts }) => {
    const already = faults(counts);
    return `${name}: ${form}${already ? ` with ${already}` : ""}`;
  });
  const op = phase === "forward" ? kernelName : `the gradient of ${kernelName}`;
  return {
    phase,
    op: kernelName,
    path,
    nan,
    inf,
    inputs,
    toString: () =>
      `${faults({ nan, inf })} first in ${op} at ${formatPath(path)}, from ${inputs.join(", ")}`,
  };
}
