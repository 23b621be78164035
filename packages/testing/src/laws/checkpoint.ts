/** @file Laws of saving and loading. */
import { fromBytes, toBytes } from "@nnxjs/checkpoint";
import { update } from "@nnxjs/nnx-core";
import { snapshot } from "../equality/snapshot.ts";
import { checkBy, difference } from "./check.ts";
import { broken } from "./law.ts";
import { type CheckOptions, drop, type ForwardOf, type MakeModel, otherSeed } from "./subject.ts";

/**
 * Holds a model to the law of checkpoints: saved after two passes and loaded into a model of another
 * seed, it has the same State, counts of streams included, and its next pass gives the same.
 * @param makeModel - Builds the model from its streams.
 * @param forward - Calls it.
 * @throws {@link LawError} that names the law, the path and the seed.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import { checkCheckpoint } from "@nnxjs/testing";
 *
 * await checkCheckpoint(
 *   (rngs) => new nnx.Dropout(0.5, { rngs }),
 *   (dropout, x) => dropout.forward(x),
 *   { inputs: (key, batch) => nnx.random.normal(key, [batch, 3]) },
 * );
 * ```
 */
export const checkCheckpoint = <M extends object>(
  makeModel: MakeModel<M>,
  forward: ForwardOf<M>,
  options: CheckOptions = {},
): Promise<void> =>
  checkBy("checkCheckpoint", makeModel, forward, options, async (subject, seed, inputs) => {
    const [model, other] = [subject.model(seed), subject.model(otherSeed(seed))];
    try {
      for (let i = 0; i < 2; i++) drop(subject.call(model, inputs));
      const loaded = await fromBytes(await toBytes(model));
      update(other, [loaded], { strict: true });
      drop(loaded);
      const early = difference(await snapshot(other), await snapshot(model));
      const cause =
        "Usually something that a pass changes is no Variable, such as a number in an attribute: keep it in a Variable, so that it is saved.";
      if (early) return { law: "A model that was saved and loaded is the model", found: early, cause };
      const [y, z] = [subject.call(model, inputs), subject.call(other, inputs)];
      const late = difference(await snapshot([z, other]), await snapshot([y, model]));
      drop(y, z);
      return broken("A model that was saved and loaded goes on as the model does", late, cause);
    } finally {
      drop(model, other);
    }
  });
