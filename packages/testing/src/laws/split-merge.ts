/** @file Laws of split, merge, update and clone. */
import {
  clone,
  equalGraphDefs,
  findDuplicates,
  graphdef,
  graphDefFromJson,
  graphDefToJson,
  merge,
  NnxError,
  split,
  state,
  update,
} from "@nnxjs/nnx-core";
import { checkOptions, type OptionNames } from "@nnxjs/nnx-core/internal";
import { snapshot } from "../equality/snapshot.ts";
import type { Tensor } from "../tensor.ts";
import { checkBy, difference } from "./check.ts";
import { broken, firstOf, type Violation } from "./law.ts";
import {
  type CheckOptions,
  checkOptionNames,
  drop,
  type ForwardOf,
  type MakeModel,
  type Subject,
} from "./subject.ts";

/** What {@link checkSplitMerge} needs to know. */
export interface SplitMergeOptions extends CheckOptions {
  /** Whether the definition is to go through JSON (`registerModule`). @defaultValue false */
  readonly json?: boolean;
}

const splitMergeOptionNames: OptionNames<SplitMergeOptions> = { ...checkOptionNames, json: true };

const CAUSE =
  "Usually an attribute holds something that the graph does not see, such as a tensor in a closure, a private #field or a Set: keep it in a Variable or an attribute.";

/**
 * Holds a model to the laws of its graph:
 *
 * - `merge(split(model))` has the same definition, State, sharing, outputs and later State;
 * - the definition goes through JSON, if `json` is set: its classes have to be registered;
 * - `update` with an earlier State brings it back, and changes the outputs back;
 * - a clone is equal, and on its own: what a pass changes in it leaves the original alone.
 * @param makeModel - Builds the model from its streams.
 * @param forward - Calls it.
 * @throws {@link LawError} that names the law, the path and the seed.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import { checkSplitMerge } from "@nnxjs/testing";
 *
 * await checkSplitMerge(
 *   (rngs) => new nnx.Linear(3, 2, { rngs }),
 *   (linear, x) => linear.forward(x),
 *   { inputs: (key, batch) => nnx.random.normal(key, [batch, 3]) },
 * );
 * ```
 */
export async function checkSplitMerge<M extends object>(
  makeModel: MakeModel<M>,
  forward: ForwardOf<M>,
  options: SplitMergeOptions = {},
): Promise<void> {
  const where = "checkSplitMerge";
  checkOptions<SplitMergeOptions>(where, options, splitMergeOptionNames);
  const { json = false, ...others } = options;
  await checkBy(where, makeModel, forward, others, (subject, seed, inputs) =>
    firstOf([
      () =>
        roundTrip(
          subject,
          seed,
          inputs,
          (model) => merge(...split(model)),
          "merge(split(model)) is the model",
        ),
      () => roundTrip(subject, seed, inputs, (model) => clone(model), "A clone is the model"),
      () => (json ? throughJson(subject, seed) : Promise.resolve(undefined)),
      () => broughtBack(subject, seed, inputs),
      () => apart(subject, seed, inputs),
    ]),
  );
}

async function roundTrip<M extends object>(
  subject: Subject<M>,
  seed: number,
  inputs: readonly Tensor[],
  through: (model: M) => M,
  law: string,
): Promise<Violation | undefined> {
  const model = subject.model(seed);
  let again: M;
  try {
    again = through(model);
  } catch (error) {
    drop(model);
    if (!(error instanceof NnxError)) throw error;
    return { law, found: `expected a model, got the error: ${error.message}`, cause: CAUSE };
  }
  try {
    const sharing = (each: M): string => JSON.stringify(findDuplicates(each));
    if (sharing(again) !== sharing(model)) {
      return {
        law,
        found: `expected the shared parts ${sharing(model)}, got ${sharing(again)}`,
        cause: CAUSE,
      };
    }
    const early = difference(await snapshot(again), await snapshot(model));
    if (early) return { law, found: early, cause: CAUSE };
    // What was shared and is not any more differs in the second pass.
    for (let pass = 0; pass < 2; pass++) {
      const y = subject.call(model, inputs);
      let z: unknown;
      try {
        z = subject.call(again, inputs);
      } catch (error) {
        drop(y);
        return { law, found: `expected its outputs, got the error: ${String(error)}`, cause: CAUSE };
      }
      const late = difference(await snapshot([z, again]), await snapshot([y, model]));
      drop(y, z);
      if (late)
        return { law: `${law}, also in its outputs and what a pass changes`, found: late, cause: CAUSE };
    }
    return undefined;
  } finally {
    drop(model, again);
  }
}

async function throughJson<M extends object>(
  subject: Subject<M>,
  seed: number,
): Promise<Violation | undefined> {
  const model = subject.model(seed);
  try {
    const definition = graphdef(model);
    const back = graphDefFromJson(JSON.parse(JSON.stringify(graphDefToJson(definition))));
    if (equalGraphDefs(back, definition)) return undefined;
    const found = difference(
      { leaves: [], definitions: [[[], back]] },
      { leaves: [], definitions: [[[], definition]] },
    );
    return { law: "The definition goes through JSON", found: found ?? "it differs", cause: CAUSE };
  } finally {
    drop(model);
  }
}

async function broughtBack<M extends object>(
  subject: Subject<M>,
  seed: number,
  inputs: readonly Tensor[],
): Promise<Violation | undefined> {
  const model = subject.model(seed);
  const before = state(model);
  try {
    const first = subject.call(model, inputs);
    update(model, before);
    const second = subject.call(model, inputs);
    const found = difference(await snapshot(second), await snapshot(first));
    drop(first, second);
    return broken(
      "After update(model, state) a pass gives what it gave before",
      found,
      `${CAUSE} A number that changes has to be a Variable, too.`,
    );
  } finally {
    drop(model, before);
  }
}

async function apart<M extends object>(
  subject: Subject<M>,
  seed: number,
  inputs: readonly Tensor[],
): Promise<Violation | undefined> {
  const model = subject.model(seed);
  const copy = clone(model);
  try {
    const before = await snapshot(model);
    for (let i = 0; i < 2; i++) drop(subject.call(copy, inputs));
    const found = difference(await snapshot(model), before);
    return broken(
      "A pass of a clone leaves the original alone",
      found,
      "Usually both reach one object that the graph does not copy: keep what changes in Variables.",
    );
  } finally {
    drop(model, copy);
  }
}
