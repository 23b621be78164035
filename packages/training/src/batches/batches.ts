/** @file Batches of data that are all there, in order or shuffled as JAX shuffles. */
import { NnxError } from "@nnxjs/nnx-core";
import { checkOptions, hold, type Lease } from "@nnxjs/nnx-core/internal";
import type { PRNGKey } from "@nnxjs/rnglib";
import { shuffledRange } from "@nnxjs/rnglib/internal";
import { inScope } from "../optimizer/in-scope.ts";
import { type Columns, columnsOf } from "./columns.ts";
import type { BatchDtype } from "./numbers.ts";
import { Positioned } from "./position.ts";
import type { BatchOf, FittingData } from "./types.ts";

/** Options of {@link Batches} and {@link AsyncBatches}. */
export interface CommonBatchOptions {
  /** How many examples a batch has. */
  batchSize: number;
  /** What the order of each epoch is drawn from: `foldIn(key, epoch)`. In order without it. */
  key?: PRNGKey;
  /**
   * Leave out what is left over at the end of an epoch when it does not fill a batch.
   * @defaultValue false
   */
  dropLast?: boolean;
  /** How many epochs one loop goes through; Infinity for a loop without end. @defaultValue 1 */
  epochs?: number;
  /**
   * dtypes of numbers in records, by the names of fields (`a.b` for one in an object).
   * @defaultValue int32 where all are whole numbers, float32 elsewhere
   */
  dtypes?: Readonly<Record<string, BatchDtype>>;
}

/** Options of {@link Batches}. */
export interface BatchesOptions extends CommonBatchOptions {
  /** Shuffle each epoch anew. It needs a key. @defaultValue true with a key */
  shuffle?: boolean;
}

const NAMES = {
  batchSize: true,
  key: true,
  dropLast: true,
  epochs: true,
  dtypes: true,
  shuffle: true,
} as const;
const WHERE = "Batches";

/**
 * Batches of examples, in order or shuffled: the order of an epoch is
 * `random.permutation(random.foldIn(key, epoch), n)`, bit for bit as in JAX.
 *
 * A `for` loop goes to the end of the epoch, or of `epochs` of them, from wherever the last one
 * stopped. The position is in Variables: split it, save it with the model, and go on in the middle
 * of an epoch. It counts the batches that were given, the current one among them. The data are not
 * part of the State.
 *
 * A batch is freed when the next one is asked for, or the loop is left, unless something else holds
 * its tensors, such as a Variable. Only the rows of a batch are copied.
 * @typeParam D - The data ({@link BatchData}): typed arrays (with a shape as `{ data, shape }`), tensors, lists of
 * records, or an object of these, all of one length.
 * @see `torch.utils.data.DataLoader`; `jax.random.permutation`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const data = { x: { data: new Float32Array(10 * 3), shape: [10, 3] }, y: new Int32Array(10) } as const;
 * const batches = new nnx.Batches(data, { batchSize: 4, key: nnx.random.key(0) });
 * const sizes = [];
 * for (const { x, y } of batches) sizes.push([x.shape[0], y.shape[0]]);
 * sizes; // => [[4, 4], [4, 4], [2, 2]]
 * ```
 */
export class Batches<const D extends object> extends Positioned {
  private readonly source: Columns;

  /**
   * @param data - Not copied: what changes in it shows in later batches. Tensors stay yours to
   * dispose, after the last batch.
   * @throws NnxError for data of other kinds or different lengths, options that are not known or do
   * not fit, and data without examples.
   */
  constructor(data: D & FittingData<D>, options: BatchesOptions) {
    checkOptions<BatchesOptions>(WHERE, options, NAMES);
    const {
      batchSize,
      key,
      dropLast = false,
      epochs = 1,
      dtypes = {},
      shuffle = key !== undefined,
      // A caller in JavaScript may leave the options out.
    } = { ...options };
    if (shuffle && key === undefined) {
      throw new NnxError(
        `${WHERE}: expected a key to shuffle with, got none. Pass { key: nnx.random.key(0) }.`,
      );
    }
    super(WHERE, { key: shuffle ? key : undefined, epochs, batchSize, dropLast });
    this.source = columnsOf(WHERE, data, dtypes);
    const least = dropLast ? batchSize : 1;
    if (this.source.length >= least) return;
    throw new NnxError(
      `${WHERE}: expected at least ${least} examples, got ${this.source.length}. ` +
        (dropLast ? "Take smaller batches, or leave dropLast out." : "Look at where the data come from."),
    );
  }

  /** How many examples there are. */
  get size(): number {
    return this.source.length;
  }

  /** How many batches an epoch has, such as for the steps of a schedule. */
  get stepsPerEpoch(): number {
    const batches = this.size / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** How many batches a loop gives from here on. */
  get stepsLeft(): number {
    const { epoch, index } = this.at(WHERE, this.size);
    const done = Math.min(Math.ceil(index / this.batchSize), this.stepsPerEpoch);
    return (this.endOf(epoch) - epoch) * this.stepsPerEpoch - done;
  }

  /**
   * The batches from the position on.
   * @throws StructureError for a position that is not one in these data, NnxError when a record is
   * not like the others any more, DisposedError when a tensor was disposed.
   */
  *[Symbol.iterator](): Generator<BatchOf<D>, void, undefined> {
    const end = this.endOf(this.at(WHERE, this.size).epoch);
    const orders = new Orders();
    let current: Held<unknown> | undefined;
    try {
      while (this.at(WHERE, this.size).epoch < end) {
        const { epoch, index } = this.at(WHERE, this.size);
        const count = Math.min(this.batchSize, this.size - index);
        const order = orders.of(this.key?.value, epoch, () => shuffledRange(this.keyOf(epoch)!, this.size));
        if (count > 0 && !(this.dropLast && count < this.batchSize)) {
          current?.lease.release();
          current = held(() => this.source.take({ order, from: index, count }));
          this.moveOn(epoch, index + count);
          // What the columns make has the type of the data.
          yield current.batch as BatchOf<D>;
        } else this.moveTo(epoch + 1, 0);
      }
    } finally {
      current?.lease.release();
    }
  }

  private moveOn(epoch: number, index: number): void {
    const left = this.size - index;
    if (left === 0 || (this.dropLast && left < this.batchSize)) this.moveTo(epoch + 1, 0);
    else this.moveTo(epoch, index);
  }
}

/** The order of the last epoch that was asked for. */
class Orders {
  private base: PRNGKey | undefined;
  private epoch = -1;
  private order: Int32Array | undefined;

  /** @param base - What the orders of all epochs are drawn from; without it there is none. */
  of(base: PRNGKey | undefined, epoch: number, draw: () => Int32Array): Int32Array | undefined {
    if (base !== this.base || epoch !== this.epoch) this.order = base && draw();
    this.base = base;
    this.epoch = epoch;
    return this.order;
  }
}

/** A batch, and the Lease that keeps its tensors from scopes. */
export interface Held<R> {
  readonly batch: R;
  readonly lease: Lease;
}

/** Makes a batch, and holds its tensors. */
export const held = <R>(make: () => R): Held<R> =>
  inScope(() => {
    const batch = make();
    return { batch, lease: hold(batch) };
  });
