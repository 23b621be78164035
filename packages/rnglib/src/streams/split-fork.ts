/** @file Splitting and forking the streams of a whole model in place, for a while. */
import { type Filter, NnxError } from "@nnxjs/nnx-core";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import { split } from "../keys/index.ts";
import { dimensionsOf, formatShape, type Shape } from "../keys/shape.ts";
import { SplitBackups, type StreamBackup } from "./backups.ts";
import { checkSingle, matchesState, type StreamEntry, streamsIn } from "./model-streams.ts";
import type { RngStream } from "./rng-stream.ts";
import { zeroCount } from "./rng-variables.ts";
import { rulesOf, type StreamRule, type StreamShapes } from "./stream-rules.ts";

/** How {@link splitRngs} splits. */
export interface SplitRngsOptions {
  /** How many keys each stream gets, or the shape of its array of keys. */
  splits: Shape;
  /**
   * Which streams, by the paths, types and tags of their keys and counts.
   * @defaultValue `true`, all
   */
  only?: Filter;
  /** Leave single keys; only with `splits: 1`. @defaultValue false */
  squeeze?: boolean;
}

/**
 * Gives each stream of a model many different keys, in place: its next key, split; counts start at
 * 0.
 * @param node - A model, Rngs, or a container of these.
 * @returns What the streams held, see {@link SplitBackups}.
 * @throws {@link NnxError} for `squeeze` with other splits than 1, and for streams that hold
 * several keys already. The model then stays as it was.
 * @see Flax `nnx.split_rngs`
 * @example
 * ```ts
 * const rngs = new nnx.Rngs({ params: 0, dropout: 1 });
 * {
 *   using _split = nnx.splitRngs(rngs, { splits: 5, only: "params" });
 *   rngs.stream("params").key.value.shape; // [5]
 * }
 * ```
 */
export function splitRngs(node: unknown, options: SplitRngsOptions): SplitBackups {
  checkOptions("splitRngs", options, { splits: true, only: true, squeeze: true });
  const { splits, only = true, squeeze = false } = given("splitRngs", options);
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

/** @throws NnxError when options that are needed are not there at all. */
export function given<O extends object>(where: string, options: O | undefined): O {
  if (options !== undefined) return options;
  throw new NnxError(`${where}: expected options, got nothing. Say by name what to do with the streams.`);
}

/** How {@link forkRngs} forks. */
export interface ForkRngsOptions {
  /**
   * Split the forks into this shape; or which streams to fork, by name or filter, each with a shape
   * or `null` for a single key.
   * @defaultValue all streams, single keys
   */
  split?: StreamShapes;
}

/**
 * Makes each stream of a model its own fork, in place: its next key becomes its key; counts start
 * at 0.
 * @param node - A model, Rngs, or a container of these.
 * @returns What the streams held, see {@link SplitBackups}.
 * @throws {@link NnxError} for streams that hold several keys. The model then stays as it was.
 * @see Flax `nnx.fork_rngs`
 */
export function forkRngs(node: unknown, options: ForkRngsOptions = {}): SplitBackups {
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

/** Writes new keys into streams, after all of them could be asked. */
function replaced(
  where: string,
  entries: readonly StreamEntry[],
  keyFrom: (stream: RngStream) => RngStream["key"]["value"],
): SplitBackups {
  checkSingle(where, entries);
  const backups: StreamBackup[] = [];
  for (const [, stream] of entries) {
    const key = keyFrom(stream);
    backups.push({ stream, key: stream.key.value, count: stream.count.value });
    stream.key.value = key;
    stream.count.value = zeroCount(key.shape);
  }
  return new SplitBackups(backups);
}
