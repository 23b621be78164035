/** @file Batches of records that arrive one by one: from files, the network, generators. */
import { NnxError, StructureError } from "@nnxjs/nnx-core";
import { checkOptions, describe } from "@nnxjs/nnx-core/internal";
import { type CommonBatchOptions, type Held, held } from "./batches.ts";
import { collate } from "./collate.ts";
import { type Dtypes, join, type Layout, layoutOf, withDtypes } from "./layout.ts";
import { checkCount, Positioned } from "./position.ts";
import { prefetched } from "./prefetch.ts";
import { shuffled } from "./shuffle-buffer.ts";
import type { Collated, FittingRecord } from "./types.ts";

/** Options of {@link AsyncBatches}. */
export interface AsyncBatchesOptions extends CommonBatchOptions {
  /**
   * How many records wait to be drawn from: the more, the better they are shuffled. It needs a key.
   * @defaultValue 1,024 with a key
   */
  shuffleBuffer?: number;
  /** How many batches are made before they are asked for. @defaultValue 1 */
  prefetch?: number;
}

/** Records one by one; a function is asked for them anew in each epoch. */
export type RecordSource<R> = AsyncIterable<R> | Iterable<R> | (() => AsyncIterable<R> | Iterable<R>);

const NAMES = {
  batchSize: true,
  key: true,
  dropLast: true,
  epochs: true,
  dtypes: true,
  shuffleBuffer: true,
  prefetch: true,
} as const;
const WHERE = "AsyncBatches";

/** A batch, if there is one at the end of an epoch, and where the iteration is after it. */
interface Made {
  /** Missing at the end of an epoch without a rest. */
  readonly batch: Held<unknown> | undefined;
  readonly epoch: number;
  readonly index: number;
}

/** Opaque to the graph: it is static, and no State holds it. */
class Source {
  readonly open: () => AsyncIterable<unknown> | Iterable<unknown>;
  private last: unknown;

  constructor(source: RecordSource<unknown>) {
    this.open = typeof source === "function" ? source : () => source;
  }

  /** @throws StructureError when it can only be read once, and was. */
  async *records(): AsyncGenerator<unknown, void, undefined> {
    const records = this.open();
    if (!isIterable(records)) {
      throw new NnxError(
        `${WHERE}: expected the source to return records, got ${describe(records)}. Return an iterable, or write an async function*.`,
      );
    }
    const isOnce = (records as unknown) === iteratorOf(records);
    if (isOnce && records === this.last) {
      throw new StructureError(
        `${WHERE}: expected a source that can be read again, got one that was read. Pass a function that makes it.`,
      );
    }
    this.last = records;
    yield* records;
  }
}

const isIterable = (x: unknown): x is AsyncIterable<unknown> | Iterable<unknown> =>
  typeof x === "object" && x !== null && (Symbol.asyncIterator in x || Symbol.iterator in x);

/** An iterator that gives itself, as generators do; anything else is asked nothing. */
function iteratorOf(records: object): unknown {
  return "next" in records ? records : undefined;
}

/**
 * Batches of records that arrive one by one, in order or drawn from a buffer. As with
 * {@link Batches}, a loop goes to the end of the epoch from wherever the last one stopped, the
 * position is in Variables (read when a loop starts), and a batch is freed when the next one is
 * asked for or the loop is left. To go on in the middle of an epoch the source is read from its
 * start, and what was given is left out.
 * @typeParam R - The records ({@link ExampleRecord}): numbers, booleans, typed arrays, tensors, or
 * objects of these. Tensors stay yours to dispose.
 * @see `tf.data.Dataset.shuffle`, `tf.data.Dataset.batch`, `tf.data.Dataset.prefetch`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * async function* records() {
 *   for (let i = 0; i < 5; i++) yield { x: new Float32Array([i, i + 0.5]), label: i };
 * }
 * const batches = new nnx.AsyncBatches(records, { batchSize: 2, key: nnx.random.key(0) });
 * let seen = 0;
 * for await (const { x, label } of batches) seen += x.shape[0] + label.size;
 * seen; // => 10
 * ```
 */
export class AsyncBatches<R> extends Positioned {
  readonly shuffleBuffer: number;
  readonly prefetch: number;
  private readonly source: Source;
  private readonly dtypes: Dtypes;

  /** @throws NnxError for what gives no records, and options that are not known or do not fit. */
  constructor(source: RecordSource<R & FittingRecord<R>>, options: AsyncBatchesOptions) {
    checkOptions<AsyncBatchesOptions>(WHERE, options, NAMES);
    // A caller in JavaScript may leave the options out.
    const given = { ...options };
    const { batchSize, key, dropLast = false, epochs = 1, dtypes = {} } = given;
    const { shuffleBuffer = key ? 1024 : 1, prefetch = 1 } = given;
    if (typeof source !== "function" && !isIterable(source)) {
      throw new NnxError(
        `${WHERE}: expected an async iterable or a function that returns one, got ${describe(source)}. Lists and tensors go to nnx.Batches.`,
      );
    }
    checkCount(WHERE, "shuffleBuffer", shuffleBuffer);
    if (!Number.isSafeInteger(prefetch) || prefetch < 0) {
      throw new NnxError(
        `${WHERE}: expected prefetch to be 0 or a positive integer, got ${describe(prefetch)}. It counts batches.`,
      );
    }
    if (shuffleBuffer > 1 && !key) {
      throw new NnxError(
        `${WHERE}: expected a key to shuffle with, got none. Pass { key: nnx.random.key(0) }.`,
      );
    }
    super(WHERE, { key, epochs, batchSize, dropLast });
    this.shuffleBuffer = shuffleBuffer;
    this.prefetch = prefetch;
    this.source = new Source(source);
    this.dtypes = dtypes;
  }

  /**
   * The batches from the position on.
   * @throws NnxError for records that are not alike, with the path; StructureError for a source that
   * cannot be read again; and what the source throws.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Collated<R>, void, undefined> {
    const { epoch, index } = this.at(WHERE, Number.MAX_SAFE_INTEGER);
    const made = prefetched(this.made(epoch, index), this.prefetch, ({ batch }) => batch?.lease.release());
    let current: Held<unknown> | undefined;
    try {
      for await (const next of made) {
        current?.lease.release();
        current = next.batch;
        this.moveTo(next.epoch, next.index);
        if (current) yield current.batch as Collated<R>;
      }
    } finally {
      current?.lease.release();
    }
  }

  /** Batches with the positions after them. */
  private async *made(first: number, from: number): AsyncGenerator<Made, void, undefined> {
    const batcher = new Batcher(this.dtypes);
    const end = this.endOf(first);
    for (let epoch = first; epoch < end; epoch++) {
      let index = epoch === first ? from : 0;
      let skip = index;
      let records: unknown[] = [];
      for await (const record of this.ordered(epoch)) {
        if (skip > 0) {
          skip--;
          continue;
        }
        records.push(record);
        if (records.length < this.batchSize) continue;
        const batch = batcher.batch(records, index);
        index += records.length;
        records = [];
        yield { batch, epoch, index };
      }
      if (skip > 0) {
        throw new StructureError(
          `${WHERE}: expected a position in ${index - skip} records, got index ${index}. Restore the State of batches of the same data.`,
        );
      }
      const isRest = records.length > 0 && !this.dropLast;
      if (index === 0 && !isRest) {
        throw new NnxError(
          `${WHERE}: expected at least ${this.dropLast ? this.batchSize : 1} records in an epoch, got ${records.length}. Take smaller batches, or look at the source.`,
        );
      }
      const batch = isRest ? batcher.batch(records, index) : undefined;
      yield { batch, epoch: epoch + 1, index: 0 };
    }
  }

  private ordered(epoch: number): AsyncIterable<unknown> {
    const key = this.keyOf(epoch);
    const records = this.source.records();
    return key && this.shuffleBuffer > 1 ? shuffled(records, this.shuffleBuffer, key) : records;
  }
}

/** Makes tensors of records, all as in the first batch. */
class Batcher {
  private layout: Layout | undefined;
  private readonly dtypes: Dtypes;

  constructor(dtypes: Dtypes) {
    this.dtypes = dtypes;
  }

  batch(records: readonly unknown[], first: number): Held<unknown> {
    this.layout ??= withDtypes(WHERE, layoutOfAll(records, first), this.dtypes);
    const { layout } = this;
    return held(() => collate(WHERE, records, layout, (i) => [first + i]));
  }
}

const layoutOfAll = (records: readonly unknown[], first: number): Layout =>
  records
    .map((record, i) => layoutOf(WHERE, [first + i], record))
    .reduce((joined, next, i) => join(WHERE, [first + i], joined, next));
