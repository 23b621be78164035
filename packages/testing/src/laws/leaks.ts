/** @file The law of memory: a step leaves nothing behind. */
import { checkOptions } from "@nnxjs/nnx-core/internal";
import { heldNow } from "../tensor.ts";
import { checkBy } from "./check.ts";
import { type CheckOptions, checkOptionNames, drop, type ForwardOf, type MakeModel } from "./subject.ts";

/** What {@link checkNoLeaks} needs to know. */
export interface LeakOptions extends CheckOptions {
  /**
   * Whether the call runs in a scope (`nnx.tidy`), which frees its temporary tensors. Set it for a
   * forward pass, which a training step runs in a scope; leave it out for a whole step.
   * @defaultValue false
   */
  readonly scope?: boolean;
}

/** Passes before counting: Variables that are made in the first pass may stay. */
const WARM_UP = 2;
const PASSES = 6;

/**
 * Holds a model or a training step to the law of memory: after the first two calls, a call leaves as
 * many tensors, bytes and pieces of data on the backend as there were, once its result is disposed.
 * And disposing the model frees all that making it took.
 * @param makeModel - Builds the model from its streams.
 * @param forward - The call; a whole training step, too.
 * @throws {@link LawError} with how many tensors and bytes one call leaves.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import { checkNoLeaks } from "@nnxjs/testing";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await checkNoLeaks(
 *   (rngs) => {
 *     const model = new nnx.Linear(3, 2, { rngs });
 *     return { model, optimizer: new nnx.Optimizer(model, nnx.adam(1e-3)) };
 *   },
 *   ({ model, optimizer }, x) => {
 *     const gradients = nnx.grad((m: nnx.Linear) => tf.mean(m.forward(x)))(model);
 *     optimizer.update(model, gradients);
 *     nnx.dispose(gradients);
 *   },
 *   { inputs: (key, batch) => nnx.random.normal(key, [batch, 3]) },
 * );
 * ```
 */
export async function checkNoLeaks<M extends object>(
  makeModel: MakeModel<M>,
  forward: ForwardOf<M>,
  options: LeakOptions = {},
): Promise<void> {
  const where = "checkNoLeaks";
  checkOptions<LeakOptions>(where, options, { ...checkOptionNames, scope: true });
  const { scope = false, ...others } = options;
  await checkBy(where, makeModel, forward, others, async (subject, seed, inputs) => {
    const start = heldNow();
    const model = subject.model(seed);
    try {
      let before = heldNow();
      for (let i = 0; i < WARM_UP + PASSES; i++) {
        drop(scope ? subject.call(model, inputs) : subject.callBare(model, inputs));
        if (i < WARM_UP) before = heldNow();
      }
      const after = heldNow();
      const names = ["tensors", "bytes", "data"] as const;
      const grown = names.filter((name) => after[name] > before[name]);
      if (grown.length > 0) {
        const each = grown.map((name) => `${((after[name] - before[name]) / PASSES).toFixed(1)} ${name}`);
        return {
          law: "A call leaves nothing behind",
          found: `expected as many tensors as before, got ${each.join(", ")} more for each call`,
          cause: "Usually temporary tensors are made outside of nnx.tidy, or gradients are not disposed.",
        };
      }
    } finally {
      drop(model);
    }
    const end = heldNow();
    if (end.tensors <= start.tensors) return undefined;
    return {
      law: "Disposing the model frees all of it",
      found: `expected ${start.tensors} tensors as before the model was made, got ${end.tensors}`,
      cause:
        "Usually a tensor stands in an attribute that the graph does not see, or the constructor leaves temporary tensors.",
    };
  });
}
