/** @file What streams held before they were changed. */
import { NnxError } from "@nnxjs/nnx-core";
import { describe, isPlainObject, nameDisposeMethod } from "@nnxjs/nnx-core/internal";
import { PRNGKey } from "../keys/index.ts";
import { RngStream } from "./rng-stream.ts";
import type { Count } from "./rng-variables.ts";
import { streamsIn } from "./model-streams.ts";

/** What one stream held. Without a count, restoring leaves the count alone. */
export interface StreamBackup {
  readonly stream: RngStream;
  readonly key: PRNGKey;
  readonly count?: Count;
}

/**
 * What the streams of a model held before {@link splitRngs} or {@link forkRngs}. Iterable; with
 * `using` it restores them at the end of the block.
 * @see Flax `nnx.rnglib.SplitBackups`
 */
export class SplitBackups implements Iterable<StreamBackup>, Disposable {
  private readonly backups: readonly StreamBackup[];

  constructor(backups: readonly StreamBackup[]) {
    this.backups = backups;
  }

  [Symbol.iterator](): Iterator<StreamBackup> {
    return this.backups[Symbol.iterator]();
  }

  /** How many streams were changed. */
  get size(): number {
    return this.backups.length;
  }

  /** As {@link restoreRngs}. */
  [Symbol.dispose](): void {
    restoreRngs(this.backups);
  }
}
nameDisposeMethod(SplitBackups.prototype);

/**
 * Writes back what streams held. A count that was saved by {@link splitRngs} or {@link forkRngs} is
 * the one after their draw, so that splitting again gives other keys.
 * @throws {@link NnxError} for what is no backup; no stream is changed then.
 * @see Flax `nnx.restore_rngs`
 */
export function restoreRngs(backups: Iterable<StreamBackup>): void {
  // All of them before the first stream is changed.
  for (const { stream, key, count } of checkedBackups(backups)) {
    stream.key.value = key;
    if (count !== undefined) stream.count.value = count;
  }
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

/** The key of every stream in a model, without its count. @see Flax `nnx.rnglib.backup_keys` */
export const backupKeys = (node: unknown): StreamBackup[] =>
  streamsIn(node).map(([, stream]) => ({ stream, key: stream.key.value }));
