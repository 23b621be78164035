/** @file Laws of random numbers: what a model draws, and what its outputs depend on. */
import {
  capture,
  type Filter,
  flattenState,
  formatPath,
  Intermediate,
  leafValue,
  Param,
  type Path,
  profile,
  state,
  toPredicate,
} from "@nnxjs/nnx-core";
import { checkOptions, type OptionNames } from "@nnxjs/nnx-core/internal";
import {
  forkRngs,
  type PRNGKey,
  reseed,
  restoreRngs,
  RngStream,
  type SplitBackups,
  splitRngs,
} from "@nnxjs/rnglib";
import { iterNodes } from "@nnxjs/nnx-core";
import { type Snapshot, snapshot } from "../equality/snapshot.ts";
import { isTensor, type Tensor } from "../tensor.ts";
import { batchLaws } from "./batches.ts";
import { checkBy, difference, ROUNDING } from "./check.ts";
import { broken, firstOf, type Violation } from "./law.ts";
import {
  type CheckOptions,
  checkOptionNames,
  countsIn,
  drawnFrom,
  drop,
  evaluate,
  type ForwardOf,
  keysIn,
  type MakeModel,
  otherSeed,
  type Subject,
  train,
} from "./subject.ts";

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

/** How often a model is called to see whether its outputs change. */
const CALLS = 12;

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
 *   (net, x) => net.forward(x!),
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

async function sameSeed<M extends object>(
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

/** Draws of a pass, as snapshots. */
async function outputsOf<M extends object>(
  subject: Subject<M>,
  model: M,
  inputs: readonly Tensor[],
  before: (call: number) => void = () => {},
): Promise<Set<string>> {
  const seen = new Set<string>();
  for (let call = 0; call < CALLS; call++) {
    before(call);
    const y = subject.call(model, inputs);
    const { leaves } = await snapshot(y);
    seen.add(
      leaves.map(({ value }) => ("plain" in value ? String(value.plain) : value.values.join())).join(" "),
    );
    drop(y);
  }
  return seen;
}

/**
 * Chance is known by what it does: other seeds for the streams give other outputs. Where nearly all of
 * them do, outputs that stay the same from pass to pass cannot be chance.
 */
async function newNumbers<M extends object>(
  subject: Subject<M>,
  seed: number,
  inputs: readonly Tensor[],
): Promise<Violation | undefined> {
  const model = subject.model(seed);
  try {
    train(model);
    const tags = [...new Set(keysIn(model).map(({ tag }) => tag))];
    if (tags.length === 0) return undefined;
    const byPass = await outputsOf(subject, model, inputs);
    if (byPass.size > 1) return undefined;
    const bySeed = await outputsOf(subject, model, inputs, (call) =>
      reseed(model, Object.fromEntries(tags.map((tag) => [tag, seed + call + 1]))),
    );
    if (bySeed.size < CALLS - 2) return undefined;
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

async function distinctKeys<M extends object>(
  subject: Subject<M>,
  seed: number,
  copies: Filter = false,
): Promise<Violation | undefined> {
  const [model, other] = [subject.model(seed), subject.model(otherSeed(seed))];
  try {
    const isCopy = toPredicate(copies);
    const byKey = new Map<string, string>();
    for (const { path, parts, leaf, tag, value } of keysIn(model)) {
      if (isCopy(parts, leaf)) continue;
      const name = JSON.stringify(value);
      const other = byKey.get(name);
      if (other !== undefined) {
        return {
          law: "No two streams have one key",
          found: `expected ${path} (stream ${tag}) to have a key of its own, got that of ${other}`,
          cause:
            "Usually two parts of a model make streams from one seed: make one Rngs, and pass it to both. Name streams that are meant to be equal in the option copies.",
        };
      }
      byKey.set(name, path);
    }
    const fixed = new Set((await paramsOf(other)).map(({ name }) => name));
    const byValues = new Map<string, string>();
    for (const { path, leaf, name } of await paramsOf(model)) {
      // What another seed gives, too, is no chance.
      if (isCopy(path, leaf) || fixed.has(name)) continue;
      const other = byValues.get(name);
      if (other !== undefined) {
        return {
          law: "No two parameters have the same random numbers",
          found: `expected ${formatPath(path)} to have other values than ${other}, got the same ones`,
          cause:
            "Usually two layers get one key, or streams of one seed: pass the same Rngs to both. Name parameters that are meant to be equal in the option copies.",
        };
      }
      byValues.set(name, formatPath(path));
    }
    return undefined;
  } finally {
    drop(model, other);
  }
}

/** Parameters whose values could not be equal by chance, with these values as text. */
async function paramsOf(model: object): Promise<{ path: Path; leaf: unknown; name: string }[]> {
  const params = state(model, Param);
  try {
    const all = flattenState(params).map(async ([path, leaf]) => {
      const value = leafValue<unknown>(leaf);
      if (!isTensor(value) || value.dtype !== "float32") return [];
      const values = await value.data<"float32">();
      // Four fractions of 23 bits each; signs or whole numbers alone are equal too easily.
      const fractions = new Set(values.filter((each) => !Number.isInteger(each)));
      return fractions.size < 4 ? [] : [{ path, leaf, name: `${value.shape.join()} ${values.join()}` }];
    });
    return (await Promise.all(all)).flat();
  } finally {
    drop(params);
  }
}

/** The streams in a model, each once, with the path of its count. */
const streamsIn = (model: object): (readonly [path: string, stream: RngStream])[] =>
  [...iterNodes(model)].flatMap(([path, node]) =>
    node instanceof RngStream ? [[[...path, "count"].join("."), node] as const] : [],
  );

async function onlyItsStreams<M extends object>(
  subject: Subject<M>,
  seed: number,
  inputs: readonly Tensor[],
  declared: readonly string[] | undefined,
): Promise<Violation | undefined> {
  const [model, other] = [subject.model(seed), subject.model(seed)];
  try {
    train(model);
    train(other);
    const before = countsIn(model);
    const y = subject.call(model, inputs);
    const drawn = drawnFrom(before, countsIn(model));
    const used = new Set(drawn.map(({ tag }) => tag));
    const expected = await snapshot(y);
    drop(y);
    const wrong =
      declared &&
      [...new Set([...used, ...declared])].find((tag) => used.has(tag) !== declared.includes(tag));
    if (wrong !== undefined) {
      return {
        law: "A pass draws from the streams that are declared, and no others",
        found: `expected draws from ${declared!.join(", ") || "no stream"}, got ${used.has(wrong) ? "some" : "none"} from ${wrong}`,
        cause: used.has(wrong)
          ? "Usually a layer takes the default stream because the named one is missing: name it in new Rngs(…)."
          : "Usually the layer is not called, or is in evaluation, or its rate is 0.",
      };
    }
    const isUsed = new Set(drawn.map(({ path }) => path));
    for (const [path, stream] of streamsIn(other))
      if (!isUsed.has(path)) for (let i = 0; i < 3; i++) stream.nextKey();
    const again = subject.call(other, inputs);
    const changed = difference(await snapshot(again), expected);
    drop(again);
    return broken(
      "Outputs do not depend on draws from streams that the pass does not use",
      changed,
      "Usually a key is made from the count of another stream: draw from one stream alone.",
    );
  } finally {
    drop(model, other);
  }
}

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
          "Usually a layer forgets deterministic: read it in forward, or set it in setMode({ deterministic }). Name counts of streams that are meant to change in the option mayChange.",
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

/** A capture and a profile see, and change nothing. */
async function unseen<M extends object>(
  subject: Subject<M>,
  seed: number,
  inputs: readonly Tensor[],
): Promise<Violation | undefined> {
  const models = [subject.model(seed), subject.model(seed), subject.model(seed)] as const;
  try {
    const [plain, captured, profiled] = models;
    const y = subject.call(plain, inputs);
    const expected = await snapshot([y, plain]);
    drop(y);
    const call = (model: M): unknown => subject.call(model, inputs);
    const [seen, recorded] = capture(call, Intermediate, { methodOutputs: Intermediate })(captured);
    const [other] = profile(call)(profiled);
    for (const [name, result, model] of [
      ["capture", seen, captured],
      ["profile", other, profiled],
    ] as const) {
      const changed = difference(await snapshot([result, model]), expected, ROUNDING);
      if (changed) {
        drop(seen, recorded, other);
        return {
          law: `A ${name} changes nothing`,
          found: changed,
          cause: "Usually forward asks whether it is captured, or depends on how often it was called.",
        };
      }
    }
    drop(seen, recorded, other);
    return undefined;
  } finally {
    drop(...models);
  }
}

/** A fork gives every stream another key, a split several others; both are undone. */
async function forked<M extends object>(subject: Subject<M>, seed: number): Promise<Violation | undefined> {
  const model = subject.model(seed);
  const split = (): SplitBackups => splitRngs(model, { splits: SPLITS });
  try {
    const known = new Map(keysIn(model).map(({ path, value }) => [path, JSON.stringify(value)]));
    for (const [what, change] of [
      ["fork", () => forkRngs(model)],
      ["split", split],
    ] as const) {
      const backups = change();
      const same = keysIn(model).find(({ path, value }) => {
        const keys = eachOf(value);
        return new Set([...keys, known.get(path)]).size <= keys.length;
      });
      restoreRngs(backups);
      const changed = keysIn(model).find(({ path, value }) => known.get(path) !== JSON.stringify(value));
      if (!same && !changed) continue;
      const { path, tag } = (same ?? changed)!;
      return {
        law: `A ${what} of the streams is independent of them`,
        found: same
          ? `expected ${path} (stream ${tag}) to have another key in the ${what}, got the same one`
          : `expected ${path} (stream ${tag}) to have its key again after the ${what}, got another`,
        cause: "Usually a class of the model keeps a key outside of a stream.",
      };
    }
    return undefined;
  } finally {
    drop(model);
  }
}

/** In how many keys the streams are split. */
const SPLITS = 3;

/** The keys in an array of keys, or the single key, as text. */
const eachOf = (key: PRNGKey): string[] =>
  key.shape.length === 0
    ? [JSON.stringify(key)]
    : Array.from({ length: key.shape[0]! }, (_, i) => JSON.stringify(key.at(i)));
