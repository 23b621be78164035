/** @file Laws of evaluation: no draws, the same twice, whatever came before. */
import { type Snapshot, snapshot } from "../equality/snapshot.ts";
import type { Tensor } from "../tensor.ts";
import { difference } from "./check.ts";
import { broken, type Violation } from "./law.ts";
import { countsIn, drawnFrom, drop, evaluate, otherSeed, type Subject } from "./subject.ts";

/** Evaluation: no draws, no changes, the same twice. */
export async function quietEvaluation<M extends object>(
  subject: Subject<M>,
  seed: number,
  inputs: readonly Tensor[],
): Promise<Violation | undefined> {
  const model = subject.model(seed);
  evaluate(model);
  const settled = subject.settle(model);
  try {
    const before = countsIn(model);
    const first = subject.call(model, inputs);
    const drawn = drawnFrom(before, countsIn(model)).find((each) => !subject.mayDraw(each));
    if (drawn) {
      drop(first);
      return {
        law: "Evaluation draws nothing",
        found: `expected no draws in evaluation, got some from ${drawn.path} (stream ${drawn.tag}), whose count is ${JSON.stringify(drawn.value)} then`,
        cause:
          "Usually a layer forgets deterministic: read it in forward, or set it in setMode({ deterministic }). " +
          "If the draw is meant (an RNN draws its first carry, in evaluation, too), say so with { mayChange: nnx.RngCount }.",
      };
    }
    settled.restore();
    const expected = await snapshot(first);
    const second = subject.call(model, inputs);
    const changed = difference(await snapshot(second), expected);
    drop(first, second);
    if (changed) {
      return {
        law: "Evaluation gives the same outputs twice",
        found: changed,
        cause:
          "Usually forward draws from something that is no stream of the model, or changes what it reads.",
      };
    }
    return await earlierPass(subject, seed, inputs, expected);
  } finally {
    settled.free();
    drop(model);
  }
}

/** What a model has seen before does not matter in evaluation. */
async function earlierPass<M extends object>(
  subject: Subject<M>,
  seed: number,
  inputs: readonly Tensor[],
  expected: Snapshot,
): Promise<Violation | undefined> {
  if (inputs.length === 0) return undefined;
  const [model, others] = [subject.model(seed), subject.inputs(otherSeed(seed))];
  evaluate(model);
  const settled = subject.settle(model);
  try {
    drop(subject.call(model, others));
    settled.restore();
    const y = subject.call(model, inputs);
    const changed = difference(await snapshot(y), expected);
    drop(y);
    return broken(
      "Evaluation does not depend on an earlier pass",
      changed,
      "Usually forward keeps something of its first inputs, such as a statistic or a cache, and uses it for others.",
    );
  } finally {
    settled.free();
    drop(model, others);
  }
}
