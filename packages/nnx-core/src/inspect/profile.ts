/** @file Where the time and the memory of a run go: by module, kernel and pass. */
import type { Forward } from "../capture/capture.ts";
import { notAResult } from "../data/not-a-result.ts";
import { describe, NnxError } from "../errors.ts";
import { refuseLate } from "../ownership/late.ts";
import { runOnce } from "../recording/run.ts";
import { Modules } from "../recording/running.ts";
import { refuseDisposed } from "../state/disposed.ts";
import { framesOfArgument } from "../undo/structure.ts";
import { Ledger } from "./profile-ledger.ts";
import type { Profile } from "./profile-rows.ts";

const where = "profile";

type Target = Forward<unknown[]> | ((...args: unknown[]) => unknown);

const isTarget = (x: unknown): x is Target =>
  typeof x === "function" ||
  (typeof x === "object" && x !== null && "forward" in x && typeof x.forward === "function");

/**
 * Wraps a function, or a model that is called by its method `forward`. Calling the wrapper runs it
 * once, and returns its result beside a {@link Profile} of the run. Gradients, updates of an Optimizer
 * and captures in it are part of the run. Only time in kernels is told apart; random draws and the
 * library's own work count as time between them.
 *
 * The first runs of a program are slower than later ones, because the engine compiles. So call a step
 * a few times before you profile it.
 * @param target - A model, or a function.
 * @throws whatever the run throws. The model and all arguments are as before then. {@link NnxError}
 * for anything but a function or a model, and when the run returns a Promise.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const loss = (m: nnx.Linear, x: tf.Tensor) => tf.mean(tf.square(m.forward(x)));
 * const [[value, gradients], profile] = nnx.profile(nnx.valueAndGrad(loss))(model, tf.ones([2, 4]));
 * console.log(String(profile)); // module, kernel, pass, calls, ms, bytes; what took most time is first
 * profile.by("pass").rows.length; // => 2
 * nnx.dispose([value, gradients]);
 * ```
 */
export function profile<A extends readonly unknown[], R>(
  target: Forward<A, R> | ((...args: A) => R),
): (...args: A) => [result: R, profile: Profile] {
  if (!isTarget(target)) {
    throw new NnxError(
      `${where}: expected a function or a model with a method forward, got ${describe(target)}. ` +
        "Profile a function that calls the method you mean.",
    );
  }
  return notAResult(where, (...args: A) => {
    refuseDisposed(where, args);
    const all = typeof target === "function" ? args : [target, ...args];
    const modules = new Modules(all.flatMap(framesOfArgument));
    const ledger = new Ledger(modules);
    const run = (): R => {
      const stop = ledger.open();
      try {
        const result = (typeof target === "function" ? target(...args) : target.forward(...args)) as R;
        refuseLate(where, () => "the function", result);
        return result;
      } finally {
        stop();
      }
    };
    const result = runOnce(all, run, { modules });
    return [result, ledger.close()];
  });
}
