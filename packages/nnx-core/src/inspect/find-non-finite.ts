/** @file Where the first NaN was born. */
import { installGradients } from "@nnxjs/gradients";
import { checkLoss } from "../autodiff/grad.ts";
import { prepareCall, toPositions } from "../autodiff/positions.ts";
import { backward, withTape } from "../autodiff/tape.ts";
import { capturedModules, runCaptured } from "../capture/run.ts";
import { type CapturedModules, onlooker, runningModule } from "../capture/session.ts";
import type { Filter } from "../filter/filter.ts";
import { formatPath, type Path } from "../path.ts";
import { onRecord, ones, scoped, type TapeNode, type Tensor } from "../tensor.ts";
import { Param } from "../variable/variable-types.ts";

/** The first op with a NaN or an infinity in its result. */
export interface NonFinite {
  /** In the loss, or on the way back. */
  readonly phase: "forward" | "backward";
  /** tensorflow.js's name of the op; on the way back, the op whose gradient it is. */
  readonly op: string;
  /** The module whose method was running. */
  readonly path: Path;
  readonly nan: number;
  readonly inf: number;
  /** What went in: per input its name, dtype, shape, and NaN and Inf that it had already. */
  readonly inputs: readonly string[];
  toString(): string;
}

/** How {@link findNonFinite} differentiates. */
export interface FindNonFiniteOptions {
  /** Which Variables of the model the backward pass goes to. @defaultValue Param */
  readonly wrt?: Filter;
}

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
 * Runs a loss forward and back and says which op first gave a NaN or an infinity, in which module: first of all forward ops, then of the backward
 * ones. `undefined` when everything is finite. It reads every result, so it is slow; the model is left as the loss leaves it.
 * @param model - The module to differentiate.
 * @param f - A loss of the model and further arguments; a float32 scalar.
 * @example
 * ```ts
 * const broken = (m: Mlp, input: tf.Tensor2D) => tf.mean(tf.log(tf.sub(m.forward(input), 1e3)));
 * const found = nnx.findNonFinite(model, broken)(x);
 * [found?.phase, found?.op, found?.path]; // => ["forward", "Log", []]
 * ```
 */
export function findNonFinite<M extends object, A extends readonly unknown[]>(
  model: M,
  f: (model: M, ...args: A) => Tensor,
  { wrt = Param }: FindNonFiniteOptions = {},
): (...args: A) => NonFinite | undefined {
  const where = "findNonFinite";
  return (...args) => {
    installGradients();
    const modules = capturedModules(where, model);
    const positions = toPositions(where, 0, args.length + 1, wrt);
    const paths = new Map<TapeNode, Path>();
    let found: NonFinite | undefined;
    const look = (phase: NonFinite["phase"], node: TapeNode, results: readonly Tensor[]): void => {
      if (found) return;
      const counts = results.map(count).find(({ nan, inf }) => nan + inf > 0);
      if (counts) found = report(phase, node, paths.get(node) ?? [], counts);
    };
    scoped(() => {
      const call = prepareCall(where, [model, ...args], positions);
      const stop = onRecord((node) => {
        paths.set(node, pathOf(modules));
        look("forward", node, node.outputs);
      });
      try {
        const run = () =>
          runCaptured(where, onlooker, modules, model, () => f(...(call.args as unknown as [M, ...A])));
        withTape(
          () => checkLoss(where, run(), false),
          ([y], tape) => {
            stop();
            if (!found)
              backward(tape, [[y, ones([])]], call.watched, (node, _input, gradient) =>
                look("backward", node, [gradient]),
              );
          },
        );
      } finally {
        stop();
        call.restore();
      }
    });
    return found;
  };
}

const pathOf = (modules: CapturedModules): Path => {
  const module = runningModule();
  return (module && modules.pathOf(module)) ?? [];
};

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
