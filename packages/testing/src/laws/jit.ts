/** @file The law of `jit`: a replay computes what the call computes. */
import { jit, NnxError } from "@nnxjs/nnx-core";
import { snapshot } from "../equality/snapshot.ts";
import type { Tensor } from "../tensor.ts";
import { checkBy, difference, ROUNDING } from "./check.ts";
import { broken, type Violation } from "./law.ts";
import { type CheckOptions, drop, type ForwardOf, type MakeModel, type Subject } from "./subject.ts";

/** The first call records, the others replay. */
const CALLS = 4;

/**
 * Holds a model to the law of `jit`: `nnx.jit(forward)`, called four times with other inputs each
 * time, gives the outputs and the State that `forward` gives, up to rounding. So nothing that
 * changes from call to call was read when the call was recorded: no value of a tensor, no time, no
 * number outside of the model.
 * @param makeModel - Builds the model from its streams.
 * @param forward - The call; a whole training step, too.
 * @throws {@link LawError} that names the call, the path and the seed.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import { checkJit } from "@nnxjs/testing";
 *
 * await checkJit(
 *   (rngs) => new nnx.Dropout(0.5, { rngs }),
 *   (dropout, x) => dropout.forward(x),
 *   { inputs: (key, batch) => nnx.random.normal(key, [batch, 3]) },
 * );
 * ```
 */
export const checkJit = <M extends object>(
  makeModel: MakeModel<M>,
  forward: ForwardOf<M>,
  options: CheckOptions = {},
): Promise<void> =>
  checkBy("checkJit", makeModel, forward, options, async (subject, seed) => {
    const [plain, recorded] = [subject.model(seed), subject.model(seed)];
    const jitted = jit((model: M, ...inputs: Tensor[]) => subject.callBare(model, inputs));
    try {
      for (let call = 0; call < CALLS; call++) {
        const found = await compare(subject, (seed + call) % 2 ** 32, plain, recorded, jitted);
        if (found) return { ...found, found: `in call ${call + 1} ${found.found}` };
      }
      return undefined;
    } finally {
      jitted.dispose();
      drop(plain, recorded);
    }
  });

async function compare<M extends object>(
  subject: Subject<M>,
  seed: number,
  plain: M,
  recorded: M,
  jitted: (model: M, ...inputs: Tensor[]) => unknown,
): Promise<Violation | undefined> {
  const inputs = subject.inputs(seed);
  const made: unknown[] = [inputs];
  try {
    const expected = subject.call(plain, inputs);
    made.push(expected);
    let actual: unknown;
    try {
      actual = jitted(recorded, ...inputs);
    } catch (error) {
      if (!(error instanceof NnxError)) throw error;
      return {
        law: "A call can be recorded",
        found: `expected a recording, got the error: ${error.message}`,
        cause:
          "Usually forward reads values out of a tensor (dataSync, arraySync): compute with tensors, or read them outside.",
      };
    }
    made.push(actual);
    const found = difference(await snapshot([actual, recorded]), await snapshot([expected, plain]), ROUNDING);
    return broken(
      "A replay computes what the call computes",
      found,
      "Usually forward uses something that changes and is no Variable, such as a number in an attribute, a closure or the time: keep it in a Variable.",
    );
  } finally {
    drop(...made);
  }
}
