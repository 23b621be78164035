/** @file Copies a model with other streams. */
import {
  clone,
  type Filter,
  formatPath,
  NnxError,
  printFilter,
  type Predicate,
  toPredicate,
} from "@nnxjs/nnx-core";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import { checkSingle, type StreamEntry, streamsIn } from "./model-streams.ts";
import type { RngStream } from "./rng-stream.ts";
import { given } from "./split-fork.ts";
import { ruleFor, rulesOf, type StreamShapes } from "./stream-rules.ts";

const NAMES = { split: true, broadcast: true, fork: true, only: true } as const;

/** Options of {@link withRngs}: what to do with which streams. */
export interface WithRngsOptions {
  /** Streams to split into arrays of different keys. */
  split?: StreamShapes;
  /** Streams whose next key to repeat. */
  broadcast?: StreamShapes;
  /** Streams to fork. A list of filters matches what any of them matches. */
  fork?: Filter;
  /** The streams to consider at all. @defaultValue `true`, all */
  only?: Filter;
}

/** What to do with a stream, and the filter of the rule that says so. */
interface Action {
  readonly name: "split" | "broadcast" | "fork";
  readonly filter: Filter;
  readonly run: (stream: RngStream) => RngStream;
}

/**
 * A copy of a model in which streams are split, broadcast or forked. Each of these streams advances
 * by one key in the model itself. Everything else in the copy, including streams without a rule,
 * shares the model's Variables.
 *
 * Filters are applied to streams, with their paths. A rule that names its streams takes precedence
 * over one for all (`true`). Of several rules for all, split takes precedence over broadcast, and
 * broadcast over fork.
 * @param node - A model, Rngs, or a container of these.
 * @throws {@link NnxError} for a stream that two rules name, and for streams that already hold
 * several keys. No key is drawn then.
 * @see Flax `nnx.with_rngs`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const rngs = new nnx.Rngs({ params: 0, dropout: 1 });
 * const both = nnx.withRngs(rngs, { split: { params: 4 }, fork: nnx.not("params") });
 * both.stream("params").key.value.shape; // [4]
 * ```
 */
export function withRngs<M>(node: M, options: WithRngsOptions): M {
  checkOptions("withRngs", options, NAMES);
  const none: StreamShapes = [[false, null]];
  const { split = none, broadcast = none, fork = false, only = true } = given("withRngs", options);
  const splits = rulesOf("withRngs", split);
  const broadcasts = rulesOf("withRngs", broadcast);
  const forks = (Array.isArray(fork) ? (fork as readonly Filter[]) : [fork]).map(
    (filter): readonly [Filter, Predicate] => [filter, toPredicate(filter)],
  );
  const within = toPredicate(only);

  const actionFor = ([path, stream]: StreamEntry): Action | undefined => {
    if (!within(path, stream)) return undefined;
    const actions: Action[] = [];
    const splitting = ruleFor(splits, path, stream);
    const repeating = ruleFor(broadcasts, path, stream);
    const forking = forks.find(([, matches]) => matches(path, stream));
    if (splitting?.shape) {
      const { filter, shape } = splitting;
      actions.push({ name: "split", filter, run: (each) => each.split(shape) });
    }
    if (repeating?.shape) {
      const { filter, shape } = repeating;
      actions.push({ name: "broadcast", filter, run: (each) => each.broadcast(shape) });
    }
    if (forking) actions.push({ name: "fork", filter: forking[0], run: (each) => each.fork() });
    return theOne(path, actions);
  };

  const planned = streamsIn(node).map((entry) => [entry, actionFor(entry)] as const);
  checkSingle(
    "withRngs",
    planned.filter(([, action]) => action).map(([entry]) => entry),
  );
  const copy = clone(node, { variables: false });
  // Both walks have the same order, so the n-th stream of the copy is the n-th of the model.
  streamsIn(copy).forEach(([, stream], i) => {
    const [entry, action] = planned[i] ?? [];
    if (!entry || !action) return;
    const changed = action.run(entry[1]);
    // They keep only `tag` of their metadata, as forks do.
    Reflect.set(stream, "key", changed.key);
    Reflect.set(stream, "count", changed.count);
  });
  return copy;
}

function theOne(path: StreamEntry[0], actions: readonly Action[]): Action | undefined {
  if (actions.filter(({ filter }) => filter !== true).length < 2) return actions[0];
  throw new NnxError(
    `withRngs at ${formatPath(path)}: expected one rule for the stream, got ` +
      `${actions.map(({ name, filter }) => `${name} for ${printFilter(filter)}`).join(" and ")}. Make the filters differ.`,
  );
}
