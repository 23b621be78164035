/** @file Laws of training and evaluation. */
import { graphdef } from "@nnxjs/nnx-core";
import { snapshot } from "../equality/snapshot.ts";
import { checkBy, difference } from "./check.ts";
import { quietEvaluation } from "./evaluation.ts";
import { broken, firstOf } from "./law.ts";
import { type CheckOptions, drop, evaluate, type ForwardOf, type MakeModel, train } from "./subject.ts";

/**
 * Holds a model to the laws of modes:
 *
 * - evaluation draws nothing, and gives the same twice;
 * - evaluation changes no Variable;
 * - `train()` after `eval()` gives the definition that `train()` gave before, and the same outputs.
 * @param makeModel - Builds the model from its streams.
 * @param forward - Calls it.
 * @throws {@link LawError} that names the law, the path and the seed.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import { checkModes } from "@nnxjs/testing";
 *
 * await checkModes(
 *   (rngs) => new nnx.BatchNorm(3, { rngs }),
 *   (norm, x) => norm.forward(x),
 *   { inputs: (key, batch) => nnx.random.normal(key, [batch, 3]) },
 * );
 * ```
 */
export const checkModes = <M extends object>(
  makeModel: MakeModel<M>,
  forward: ForwardOf<M>,
  options: CheckOptions = {},
): Promise<void> =>
  checkBy("checkModes", makeModel, forward, options, (subject, seed, inputs) =>
    firstOf([
      () => quietEvaluation(subject, seed, inputs),
      async () => {
        const model = subject.model(seed);
        try {
          evaluate(model);
          const before = await snapshot(model);
          const settled = subject.settle(model);
          drop(subject.call(model, inputs));
          settled.restore();
          settled.free();
          const found = difference(await snapshot(model), before);
          return broken(
            "Evaluation changes no Variable",
            found,
            "Usually a layer updates running statistics without reading useRunningAverage. Name Variables that are meant to change in the option mayChange.",
          );
        } finally {
          drop(model);
        }
      },
      async () => {
        const [straight, around] = [subject.model(seed), subject.model(seed)];
        try {
          train(straight);
          train(around);
          evaluate(around);
          train(around);
          const [y, z] = [straight, around].map((model) => subject.call(model, inputs));
          const found = difference(await snapshot([z, around]), await snapshot([y, straight]));
          drop(y, z);
          return broken(
            "Training after evaluation is training as before",
            found,
            "Usually setMode writes something that it does not write back: keep modes in attributes of their own.",
          );
        } finally {
          drop(straight, around);
        }
      },
      async () => {
        const model = subject.model(seed);
        try {
          evaluate(model);
          const once = graphdef(model);
          evaluate(model);
          const found = difference(
            { leaves: [], definitions: [[[], graphdef(model)]] },
            { leaves: [], definitions: [[[], once]] },
          );
          return broken(
            "Evaluation twice is evaluation",
            found,
            "Usually setMode toggles instead of setting.",
          );
        } finally {
          drop(model);
        }
      },
    ]),
  );
