/** @file What streams held before they were changed. */
import { nameDisposeMethod } from "@nnxjs/nnx-core/internal";
import type { PRNGKey } from "../keys/index.ts";
import type { RngStream } from "./rng-stream.ts";
import type { Count } from "./rng-variables.ts";
import { streamsIn } from "./model-streams.ts";

/** What one stream held. Without a count, restoring leaves the count alone. */
export interface StreamBackup {
  readonly stream: RngStream;
  readonly key: PRNGKey;
  readonly count?: Count;
}

/**
 * What the streams of a model held before {@link splitRngs} or {@link forkRngs}. Iterable; with `using` it restores them at the end of the
 * block.
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
 * Writes back what streams held. A count that was saved by {@link splitRngs} or {@link forkRngs} is the one after their draw, so that splitting
 * again gives other keys.
 * @see Flax `nnx.restore_rngs`
 */
export function restoreRngs(backups: Iterable<StreamBackup>): void {
  for (const { stream, key, count } of backups) {
    stream.key.value = key;
    if (count !== undefined) stream.count.value = count;
  }
}

/** The key of every stream in a model, without its count. @see Flax `nnx.rnglib.backup_keys` */
export const backupKeys = (node: unknown): StreamBackup[] =>
  streamsIn(node).map(([, stream]) => ({ stream, key: stream.key.value }));
