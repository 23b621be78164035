/** @file Finds the op that gave the first NaN or infinity. */
import { checkFunction } from "../data/functions.ts";
import { runLoss } from "../autodiff/loss.ts";
import type { OnGradient } from "../autodiff/tape.ts";
import type { CaptureGradientsOptions } from "../capture/capture-gradients.ts";
import { capturedModules } from "../capture/recording.ts";
import { type Modules, runningAt, runningIn } from "../recording/running.ts";
import type { Session } from "../recording/session.ts";
import { checkOptions } from "../data/options.ts";
import { notAResult } from "../data/not-a-result.ts";
import { formatPath, type Path } from "../path.ts";
import { onRecord, type TapeNode, type Tensor } from "../tensor.ts";
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

const count = (tensor: Tensor): { nan: number; inf: number } => {
  let [nan, inf] = [0, 0];
  if (tensor.dtype !== "float32" || tensor.isDisposed) return { nan, inf };
  for (const value of tensor.dataSync()) {
    if (Number.isNaN(value)) nan++;
    else if (!Number.isFinite(value)) inf++;
  }
  return { nan, inf };
};

const faults = ({ nan, inf }: { nan: number; inf: number }): string =>
  [nan > 0 ? `${nan} NaN` : "", inf > 0 ? `${inf} Inf` : ""].filter(Boolean).join(" and ");

/**
 * Runs a loss forward and back, and finds the first op with a NaN or an infinity in its result, and
 * the module that called the op. It looks at the forward pass first, then at the backward pass. It
 * reads every result, so it is slow. The model is as before afterwards, unless `keepUpdates` is
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
  f: (model: object, ...args: unknown[]) => unknown,
  options: FindNonFiniteOptions = {},
): (...args: unknown[]) => NonFinite | undefined {
  const where = "findNonFinite";
  checkFunction(where, f, "model, f", "second");
  checkOptions<FindNonFiniteOptions>(where, options, { hasAux: true, wrt: true, keepUpdates: true });
  const { hasAux = false, wrt = Param, keepUpdates = false } = options;
  return notAResult(where, (...args: unknown[]) => {
    const modules = capturedModules(where, model);
    const session: Session = { where, modules, record: () => false };
    const watch = new Watch(modules);
    try {
      runLoss(where, {
        f: (...all: Parameters<typeof f>) => watch.forward(() => f(...all)),
        args: [model, ...args],
        hasAux,
        wrt,
        session,
        alwaysUndo: !keepUpdates,
        keep: () => undefined,
        goBack: (gradientsOf, watched) => {
          if (!watch.found) gradientsOf(watched, watch.backward);
        },
      });
    } catch (error) {
      if (!watch.found) throw error;
    }
    return watch.found;
  });
}

/** Looks at the results of ops until one is not finite. */
class Watch {
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

  private look(phase: NonFinite["phase"], op: TapeNode, results: readonly Tensor[]): void {
    if (this.found) return;
    const counts = results.map(count).find(({ nan, inf }) => nan + inf > 0);
    if (!counts) return;
    const { modules } = this;
    const module = phase === "forward" ? runningIn(modules) : runningIn(modules, runningAt(op));
    this.found = report(phase, op, module ? modules.pathOf(module) : [], counts);
  }
}

function report(
  phase: NonFinite["phase"],
  node: TapeNode,
  path: Path,
  counts: { nan: number; inf: number },
): NonFinite {
  const inputs = Object.entries(node.inputs).map(([name, tensor]) => {
    const already = faults(count(tensor));
    return `${name}: ${tensor.dtype}[${tensor.shape.join(",")}]${already ? ` with ${already}` : ""}`;
  });
  const op = phase === "forward" ? node.kernelName : `the gradient of ${node.kernelName}`;
  return {
    phase,
    op: node.kernelName,
    path,
    ...counts,
    inputs,
    toString: () => `${faults(counts)} first in ${op} at ${formatPath(path)}, from ${inputs.join(", ")}`,
  };
}
