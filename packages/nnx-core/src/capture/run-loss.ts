/** @file One run of a loss of a captured model, for those who go back through it. */
import { installGradients } from "@nnxjs/gradients";
import { checkLoss } from "../autodiff/grad.ts";
import { type PreparedCall, prepareCall, toPositions } from "../autodiff/positions.ts";
import type { Session } from "../recording/session.ts";
import type { Filter } from "../filter/filter.ts";
import { scoped, type Tensor } from "../tensor.ts";
import { returned, runCaptured } from "./run.ts";

/** A loss, and how it is run. */
export interface LossToRun {
  readonly f: (model: object, ...args: unknown[]) => unknown;
  readonly hasAux: boolean;
  readonly wrt: Filter;
  /** Whether what the loss changes stays changed. */
  readonly keepUpdates: boolean;
}

/** What is run once the session is open. */
export interface LossRun {
  readonly call: PreparedCall;
  /** Runs the loss. */
  readonly loss: () => [loss: Tensor, aux: unknown];
  /** What the loss left in attributes of the model: a scope finds it in results only. */
  readonly newTensors: () => readonly Tensor[];
}

/**
 * Prepares the call of a loss, opens the session, and leaves the run to `look`. Everything is in
 * one scope, and undone if it throws.
 * @returns what `look` returned, and how to make gradients of the model.
 */
export function runLoss<R>(
  where: string,
  session: Session,
  { f, hasAux, wrt, keepUpdates }: LossToRun,
  args: readonly unknown[],
  look: (run: LossRun) => R,
): readonly [result: R, build: PreparedCall["build"]] {
  installGradients();
  const { root } = session.modules;
  const positions = toPositions(where, 0, args.length + 1, wrt);
  return scoped(() => {
    const call = prepareCall(where, [root, ...args], positions);
    const loss = (): [Tensor, unknown] =>
      checkLoss(where, returned(where, f(call.args[0] as object, ...call.args.slice(1))), hasAux);
    try {
      const result = runCaptured(
        where,
        session,
        args,
        (before) => look({ call, loss, newTensors: () => (keepUpdates ? before.newTensors() : []) }),
        { alwaysUndo: !keepUpdates },
      );
      // A function, which the scope does not look into: what the call was given stays its own.
      return [result, (gradients: readonly (Tensor | undefined)[]) => call.build(gradients)] as const;
    } finally {
      call.restore();
    }
  });
}
