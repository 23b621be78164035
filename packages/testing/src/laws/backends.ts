/** @file The law of backends: a model computes the same on all of them. */
import { NnxError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { type Snapshot, snapshot } from "../equality/snapshot.ts";
import { backendNow, useBackend } from "../tensor.ts";
import { difference, ROUNDING } from "./check.ts";
import { hold } from "./law.ts";
import { type CheckOptions, drop, type ForwardOf, type MakeModel, Subject } from "./subject.ts";

/**
 * Holds a model to the law of backends: from one seed it has the same State and gives the same outputs
 * on each of them, up to the last bits; chance is the same. Afterwards the backend that was in use is
 * in use again.
 * @param makeModel - Builds the model from its streams.
 * @param forward - Calls it.
 * @param backends - Names of registered backends; the first one is what the others are compared to.
 * @throws {@link LawError} that names backend, path and seed. {@link NnxError} for a backend that is not
 * registered.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import { checkBackends } from "@nnxjs/testing";
 *
 * await checkBackends(
 *   ["cpu"],
 *   (rngs) => new nnx.Linear(3, 2, { rngs }),
 *   (linear, x) => linear.forward(x),
 *   { inputs: (key, batch) => nnx.random.normal(key, [batch, 3]) },
 * );
 * ```
 */
export async function checkBackends<M extends object>(
  backends: readonly string[],
  makeModel: MakeModel<M>,
  forward: ForwardOf<M>,
  options: CheckOptions = {},
): Promise<void> {
  const where = "checkBackends";
  if (!Array.isArray(backends) || backends.length === 0)
    throw new NnxError(
      `${where}: expected a list of names of backends, got ${describe(backends)}. Write ["cpu", "wasm"].`,
    );
  const subject = new Subject(where, makeModel, forward, options);
  const home = backendNow();
  try {
    await hold(where, options, async (seed) => {
      let first: Snapshot | undefined;
      for (const backend of backends) {
        if (!(await useBackend(backend)))
          throw new NnxError(
            `${where}: expected the backend ${backend} to be registered, got none. Import its package first.`,
          );
        const [model, inputs] = [subject.model(seed), subject.inputs(seed)];
        const y = subject.call(model, inputs);
        const seen = await snapshot([y, model]);
        drop(y, inputs, model);
        first ??= seen;
        const found = difference(seen, first, ROUNDING);
        if (!found) continue;
        return {
          law: `A model computes the same on ${backend} and ${backends[0]}`,
          found,
          cause:
            "Usually an op of tensorflow.js is wrong on one of them (docs/backends.md lists those that are known), or an input is integer or empty where a kernel does not expect it.",
        };
      }
      return undefined;
    });
  } finally {
    await useBackend(home);
  }
}
