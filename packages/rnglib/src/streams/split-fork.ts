/** @file Temporarily splits or forks the streams of a whole model, in place. */
import { type Filter, NnxError } from "@nnxjs/nnx-core";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import { split } from "../keys/index.ts";
import { dimensionsOf, formatShape, type Shape } from "../keys/shape.ts";
import { backupOf, restoreRngs, SplitBackups, type StreamBackup } from "./backups.ts";
import { checkSingle, matchesState, type StreamEntry, streamsIn } from "./model-streams.ts";
import type { RngStream } from "./rng-stream.ts";
import { zeroCount } from "./rng-variables.ts";
import { rulesOf, type StreamRule, type StreamShapes } from "./stream-rules.ts";

/** Options of {@link splitRngs}. */
export interface SplitRngsOptions {
  /** How many keys each stream gets, or the shape of its array of keys. */
  splits: Shape;
  /**
   * The streams to split, by the paths, types and tags of their keys and counts.
   * @defaultValue `true`, all
   */
  only?: Filter;
  /**
   * Whether to keep single keys instead of arrays of one key. Only with `splits: 1`. @defaultValue
   * false
   */
  squeeze?: boolean;
}

/** A function of models and streams. */
type OfStreams = (...args: never[]) => unknown;

/**
 * Gives each stream of a model several different keys, in place: its next key, split. Counts start
 * at 0.
 *
 * Given a function, it returns a function that splits the streams in all its arguments for the time
 * of each call. So `splitRngs(vmap(create), { splits: 5 })(rngs)` makes an ensemble of 5.
 * @param f - A function of a model or streams, or these themselves.
 * @param node - A model, Rngs, a container of these, or a function.
 * @returns The previous keys and counts, see {@link SplitBackups}; of a function, the function.
 * @throws {@link NnxError} for `squeeze` with other splits than 1, and for streams that already
 * hold several keys. The model is unchanged then.
 * @see Flax `nnx.split_rngs`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const rngs = new nnx.Rngs({ params: 0, dropout: 1 });
 * {
 *   using _split = nnx.splitRngs(rngs, { splits: 5, only: "params" });
 *   rngs.stream("params").key.value.shape; // [5]
 * }
 * ```
 */
export function splitRngs<F extends OfStreams>(f: F, options: SplitRngsOptions): F;
export function splitRngs(node: unknown, options: SplitRngsOptions): SplitBackups;
export function splitRngs(node: unknown, options: SplitRngsOptions): SplitBackups | OfStreams {
  if (typeof node === "function") {
    // An empty list has no streams: this checks the options.
    splitRngs([], options);
    return duringCalls(node as OfStreams, (args) => splitRngs(args, options));
  }
  checkOptions("splitRngs", options, { splits: true, only: true, squeeze: true });
  const { splits, only = true, squeeze = false } = given("splitRngs", options);
  // A caller in JavaScript may leave them out.
  if ((splits as Shape | undefined) === undefined)
    throw new NnxError(
      "splitRngs: expected splits, got none. Say how many keys each stream gets: { splits: 4 }.",
    );
  const shape = dimensionsOf("splitRngs", splits);
  if (squeeze && (shape.length !== 1 || shape[0] !== 1)) {
    throw new NnxError(
      `splitRngs: expected splits: 1 with squeeze, got ${formatShape(shape)}. Leave squeeze out to get arrays of keys.`,
    );
  }
  const entries = streamsIn(node).filter(matchesState(only));
  return replaced("splitRngs", entries, (stream) => {
    const keys = split(stream.nextKey(), shape);
    return squeeze ? keys.at(0) : keys;
  });
}

/** The function, called with other streams in its arguments, which are restored after each call. */
function duringCalls(f: OfStreams, change: (args: unknown[]) => SplitBackups): OfStreams {
  return (...args: never[]): unknown => {
    const backups = change(args);
    try {
      return f(...args);
    } finally {
      restoreRngs(backups);
    }
  };
}

/** @throws NnxError when required options are missing. */
export function given<O extends object>(where: string, options: O | undefined): O {
  if (options !== undefined) return options;
  throw new NnxError(`${where}: expected options, got nothing. Pass what to do with the streams by name.`);
}

/** Options of {@link forkRngs}. */
export interface ForkRngsOptions {
  /**
   * A shape into which to split all forks. Or the streams to fork, by name or filter, each with a
   * shape, or with `null` for a single key.
   * @defaultValue all streams, single keys
   */
  split?: StreamShapes;
}

/**
 * Replaces each stream of a model by its fork, in place: its next key becomes its key, and its
 * count starts at 0. Given a function, it returns a function that does so for the time of each call.
 * @param f - A function of a model or streams, or these themselves.
 * @param node - A model, Rngs, a container of these, or a function.
 * @returns The previous keys and counts, see {@link SplitBackups}; of a function, the function.
 * @throws {@link NnxError} for streams that hold several keys. The model is unchanged then.
 * @see Flax `nnx.fork_rngs`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Dropout(0.5, { rngs: new nnx.Rngs(0) });
 * const backups = nnx.forkRngs(model); // each stream has a key of its own now
 * nnx.restoreRngs(backups);
 * ```
 */
export function forkRngs<F extends OfStreams>(f: F, options?: ForkRngsOptions): F;
export function forkRngs(node: unknown, options?: ForkRngsOptions): SplitBackups;
export function forkRngs(node: unknown, options: ForkRngsOptions = {}): SplitBackups | OfStreams {
  if (typeof node === "function") {
    forkRngs([], options);
    return duringCalls(node as OfStreams, (args) => forkRngs(args, options));
  }
  checkOptions("forkRngs", options, { split: true });
  const { split: shapes = [[true, null]] } = options;
  const rules = rulesOf("forkRngs", shapes).map((rule) => ({ ...rule, matches: matchesState(rule.filter) }));
  const chosen = new Map<RngStream, Pick<StreamRule, "shape">>();
  const entries = streamsIn(node).filter((entry) => {
    const rule = rules.find(({ matches }) => matches(entry));
    if (rule) chosen.set(entry[1], rule);
    return rule !== undefined;
  });
  return replaced("forkRngs", entries, (stream) => {
    const shape = chosen.get(stream)?.shape ?? null;
    return shape === null ? stream.nextKey() : split(stream.nextKey(), shape);
  });
}

/** Writes new keys into streams, once all streams are known to hold single keys. */
function replaced(
  where: string,
  entries: readonly StreamEntry[],
  keyFrom: (stream: RngStream) => RngStream["key"]["value"],
): SplitBackups {
  checkSingle(where, entries);
  const backups: StreamBackup[] = [];
  for (const [, stream] of entries) {
    const key = keyFrom(stream);
    backups.push(backupOf(stream));
    stream.key.value = key;
    stream.count.value = zeroCount(key.shape);
  }
  return new SplitBackups(backups);
}
