/** @file Shuffling what arrives one by one. */
import { random, type PRNGKey } from "@nnxjs/rnglib";

/** Draws are made in blocks. */
const BLOCK = 1024;

/** Whole numbers below a bound, from a key. */
class Draws {
  private readonly key: PRNGKey;
  private block = 0;
  private words: Uint32Array = new Uint32Array(0);
  private used = 0;

  constructor(key: PRNGKey) {
    this.key = key;
  }

  below(bound: number): number {
    if (this.used === this.words.length) {
      this.words = random.bits(random.foldIn(this.key, this.block++), [BLOCK]);
      this.used = 0;
    }
    return Math.floor((this.words[this.used++]! / 2 ** 32) * bound);
  }
}

/**
 * Records in another order: each is one of the `size` that came first and were not given yet. The
 * same key gives the same order.
 * @see `tf.data.Dataset.shuffle`
 */
export async function* shuffled(
  records: AsyncIterable<unknown>,
  size: number,
  key: PRNGKey,
): AsyncGenerator<unknown, void, undefined> {
  const draws = new Draws(key);
  const waiting: unknown[] = [];
  for await (const record of records) {
    if (waiting.length < size) {
      waiting.push(record);
      continue;
    }
    const place = draws.below(size);
    const next = waiting[place];
    waiting[place] = record;
    yield next;
  }
  while (waiting.length > 0) {
    const place = draws.below(waiting.length);
    const next = waiting[place];
    const last = waiting.pop();
    if (place < waiting.length) waiting[place] = last;
    yield next;
  }
}
