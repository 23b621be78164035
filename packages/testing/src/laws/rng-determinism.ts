/** @file Laws of random numbers: what a model draws, and what its outputs depend on. */
import type { Filter } from "@nnxjs/nnx-core";
import { checkOptions, type OptionNames } from "@nnxjs/nnx-core/internal";
import { batchLaws } from "./batches.ts";
import { checkBy } from "./check.ts";
import { quietEvaluation } from "./evaluation.ts";
import { firstOf } from "./law.ts";
import { distinctKeys, forked } from "./rng/keys.ts";
import { newNumbers, sameSeed } from "./rng/repeats.ts";
import { unseen } from "./rng/unseen.ts";
import { onlyItsStreams } from "./rng/used-streams.ts";
import { type CheckOptions, checkOptionNames, type ForwardOf, type MakeModel } from "./subject.ts";

/** What {@link checkRngDeterminism} needs to know. */
export interface RngOptions extends CheckOptions {
  /**
   * The names of the streams that a forward pass in training draws from. The `Rngs` that the model is
   * made from have them, beside the default one. Not checked without.
   */
  readonly streams?: readonly string[];
  /**
   * Parameters that may have the same random numbers as others, and streams that may have the same
   * key: those of a copy of the model. @defaultValue false: none
   */
  readonly copies?: Filter;
}

export const rngOptionNames: OptionNames<RngOptions> = { ...checkOptionNames, streams: true, copies: true };

/**
 * Holds a model to the laws of random numbers:
 *
 * - the same seed gives the same model, and the same outputs and counts after a pass;
 * - every pass in training draws new numbers, if it draws at all;
 * - no two streams of a model have one key, and no two parameters the same random numbers;
 * - outputs do not depend on draws from streams that the pass does not use; with `streams`, those are
 *   the streams that it uses, and no others;
 * - evaluation draws nothing, gives the same twice, and depends neither on an earlier pass nor on the
 *   other rows of the batch, on their order or number;
 * - captures and profiles change nothing, up to rounding;
 * - `forkRngs` and `splitRngs` give every stream other keys.
 * @param makeModel - Makes the model: `(rngs) => new Net({ rngs })`.
 * @param forward - Calls it: `(model, x) => model.forward(x)`.
 * @throws {@link LawError} that names the law, the path and the seed.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import { checkRngDeterminism } from "@nnxjs/testing";
 *
 * class Net extends nnx.Module {
 *   readonly linear: nnx.Linear;
 *   readonly dropout: nnx.Dropout;
 *   constructor({ rngs }: { rngs: nnx.Rngs }) {
 *     super();
 *     this.linear = new nnx.Linear(3, 8, { rngs });
 *     this.dropout = new nnx.Dropout(0.5, { rngs });
 *   }
 *   forward(x: nnx.Tensor): nnx.Tensor {
 *     return this.dropout.forward(this.linear.forward(x));
 *   }
 * }
 *
 * await checkRngDeterminism(
 *   (rngs) => new Net({ rngs }),
 *   (net, x) => net.forward(x),
 *   { inputs: (key, batch) => nnx.random.normal(key, [batch, 3]), streams: ["dropout"] },
 * );
 * ```
 */
export async function checkRngDeterminism<M extends object>(
  makeModel: MakeModel<M>,
  forward: ForwardOf<M>,
  options: RngOptions = {},
): Promise<void> {
  const where = "checkRngDeterminism";
  checkOptions<RngOptions>(where, options, rngOptionNames);
  const { streams, copies, ...others } = options;
  await checkBy(
    where,
    makeModel,
    forward,
    others,
    (subject, seed, inputs) =>
      firstOf([
        () => sameSeed(subject, seed, inputs),
        () => distinctKeys(subject, seed, copies),
        () => newNumbers(subject, seed, inputs),
        () => onlyItsStreams(subject, seed, inputs, streams),
        () => quietEvaluation(subject, seed, inputs),
        () => unseen(subject, seed, inputs),
        () => forked(subject, seed),
        () => batchLaws(subject, seed),
      ]),
    streams,
  );
}
