/** @file The keys and counts of streams before a change, and how to restore them. */
import { NnxError } from "@nnxjs/nnx-core";
import { describe, isPlainObject, nameDisposeMethod, rememberSource, unread } from "@nnxjs/nnx-core/internal";
import { PRNGKey } from "../keys/index.ts";
import { RngStream } from "./rng-stream.ts";
import type { Count } from "./rng-variables.ts";
import { streamsIn } from "./model-streams.ts";

/** The key and count of one stream. Without a count, restoring leaves the count unchanged. */
export interface StreamBackup {
  readonly stream: RngStream;
  readonly key: PRNGKey;
  readonly count?: Count;
}

/**
 * The keys and counts of a model's streams before {@link splitRngs} or {@link forkRngs}. It is
 * iterable. With `using` it restores them at the end of the block.
 * @see Flax `nnx.rnglib.SplitBackups`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const rngs = new nnx.Rngs(0);
 * const backups = nnx.splitRngs(rngs, { splits: 4 });
 * backups.size; // => 1
 * nnx.restoreRngs(backups); // or `using backups = …`, which restores at the end of the block
 * ```
 */
export class SplitBackups implements Iterable<StreamBackup>, Disposable {
  private readonly backups: readonly StreamBackup[];

  constructor(backups: readonly StreamBackup[]) {
    this.backups = backups;
  }

  [Symbol.iterator](): Iterator<StreamBackup> {
    return this.backups[Symbol.iterator]();
  }

  /** The number of streams that were changed. */
  get size(): number {
    return this.backups.length;
  }

  /** Calls {@link restoreRngs}. */
  [Symbol.dispose](): void {
    restoreRngs(this.backups);
  }
}
nameDisposeMethod(SplitBackups.prototype);

/**
 * Restores the keys and counts of streams. {@link splitRngs} and {@link forkRngs} save the count
 * after their draw, so that splitting again gives different keys.
 * @param backups - What `splitRngs`, `forkRngs` or `backupKeys` gave.
 * @throws {@link NnxError} when something is not a backup. No stream is changed then.
 * @see Flax `nnx.restore_rngs`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const rngs = new nnx.Rngs(0);
 * const backups = nnx.forkRngs(rngs);
 * nnx.restoreRngs(backups);
 * rngs.stream("default").key.value.equals(nnx.random.key(0)); // => true
 * ```
 */
export function restoreRngs(backups: Iterable<StreamBackup>): void {
  // Check all backups before the first stream is changed.
  for (const backup of checkedBackups(backups)) {
    const { stream, key, count } = backup;
    const sources = sourcesOf.get(backup);
    sources?.key(key);
    stream.key.value = key;
    if (count === undefined) continue;
    sources?.count(count);
    stream.count.value = count;
  }
}

/** For recorded functions: which steps compute what is restored. */
const sourcesOf = new WeakMap<StreamBackup, Readonly<Record<"key" | "count", (value: unknown) => void>>>();

/** The present key and count of a stream. */
export function backupOf(stream: RngStream): StreamBackup {
  const backup = unread(() => ({ stream, key: stream.key.value, count: stream.count.value }));
  sourcesOf.set(backup, { key: rememberSource(stream.key), count: rememberSource(stream.count) });
  return backup;
}

function checkedBackups(backups: unknown): readonly StreamBackup[] {
  const isIterable = typeof backups === "object" && backups !== null && Symbol.iterator in backups;
  const list: readonly unknown[] = isIterable ? [...(backups as Iterable<unknown>)] : [backups];
  const odd = list.findIndex((each) => !isBackup(each));
  if (odd < 0) return list as readonly StreamBackup[];
  throw new NnxError(
    `restoreRngs: expected backups of streams, got ${describe(list[odd])}${isIterable ? ` at ${odd}` : ""}. ` +
      "Pass what splitRngs, forkRngs or backupKeys returned.",
  );
}

function isBackup(x: unknown): x is StreamBackup {
  if (!isPlainObject(x)) return false;
  const { stream, key, count } = x;
  return stream instanceof RngStream && PRNGKey.isKey(key) && (count === undefined || isCount(count));
}

const isCount = (x: unknown): x is Count =>
  Array.isArray(x) ? x.every(isCount) : Number.isInteger(x) && (x as number) >= 0;

/**
 * The keys of all streams in a model, without their counts.
 * @param node - A model, or streams.
 * @see Flax `nnx.rnglib.backup_keys`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const rngs = new nnx.Rngs(0);
 * const keys = nnx.backupKeys(rngs);
 * nnx.reseed(rngs, { default: 1 });
 * nnx.restoreRngs(keys);
 * rngs.stream("default").key.value.equals(nnx.random.key(0)); // => true
 * ```
 */
export const backupKeys = (node: unknown): StreamBackup[] =>
  streamsIn(node).map(([, stream]) => ({ stream, key: stream.key.value }));
