/** @file Laws of chance: one seed gives one result, and each pass new numbers. */
import { reseed } from "@nnxjs/rnglib";
import { snapshot } from "../../equality/snapshot.ts";
import type { Tensor } from "../../tensor.ts";
import { difference } from "../check.ts";
import { broken, type Violation } from "../law.ts";
import { drop, keysIn, type Subject, train } from "../subject.ts";

/** One seed gives one model, and equal models give equal outputs. */
export async function sameSeed<M extends object>(
  subject: Subject<M>,
  seed: number,
  inputs: readonly Tensor[],
): Promise<Violation | undefined> {
  const [one, two] = [subject.model(seed), subject.model(seed)];
  try {
    const changed = difference(await snapshot(two), await snapshot(one));
    if (changed) {
      return {
        law: "The same seed gives the same model",
        found: changed,
        cause:
          "Usually something is drawn from Math.random, or from streams that outlive the model: draw from rngs alone.",
      };
    }
    const [a, b] = [subject.call(one, inputs), subject.call(two, inputs)];
    const [seenA, seenB] = [await snapshot([a, one]), await snapshot([b, two])];
    drop(a, b);
    const after = difference(seenB, seenA);
    return broken(
      "Equal models give equal outputs and States",
      after,
      "Usually something outside of the model is read or drawn in forward: keep it in a Variable or a stream.",
    );
  } finally {
    drop(one, two);
  }
}

/** How often a model is called to see whether its outputs change. */
const CALLS = 12;

/** The outputs of one pass, as text. */
async function outputOf<M extends object>(
  subject: Subject<M>,
  model: M,
  inputs: readonly Tensor[],
): Promise<string> {
  const y = subject.call(model, inputs);
  const { leaves } = await snapshot(y);
  drop(y);
  return leaves.map(({ value }) => ("plain" in value ? String(value.plain) : value.values.join())).join(" ");
}

/**
 * Chance is known by what it does: other seeds for the streams give other outputs. Where nearly all of
 * them do, outputs that stay the same from pass to pass cannot be chance.
 */
export async function newNumbers<M extends object>(
  subject: Subject<M>,
  seed: number,
  inputs: readonly Tensor[],
): Promise<Violation | undefined> {
  const model = subject.model(seed);
  try {
    train(model);
    const tags = [...new Set(keysIn(model).map(({ tag }) => tag))];
    if (tags.length === 0) return undefined;
    const first = await outputOf(subject, model, inputs);
    for (let call = 1; call < CALLS; call++)
      if ((await outputOf(subject, model, inputs)) !== first) return undefined;
    const bySeed = new Set<string>();
    for (let call = 0; call < CALLS; call++) {
      reseed(model, Object.fromEntries(tags.map((tag) => [tag, seed + call + 1])));
      bySeed.add(await outputOf(subject, model, inputs));
      // Two equal pairs are more than chance: these streams do not matter.
      if (bySeed.size < call - 1) return undefined;
    }
    return {
      law: "Every pass in training draws new numbers",
      found: `expected other outputs in ${CALLS} passes, got the same ones, while other seeds of ${tags.join(", ")} change them`,
      cause:
        "Usually a draw takes the key of a stream itself, and so ignores its count: draw from the stream, as in rngs.dropout.bernoulli(…) or rngs.dropout.nextKey().",
    };
  } finally {
    drop(model);
  }
}
