/**
 * @file What all ways of sampling share: they split the input into batches, and pass the outputs to
 * a collector.
 */
import { isTensor, reshape, slice, type Tensor, tidy } from "@nnxjs/kernels/internal";
import { GraphNode, NnxError } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import type { SampleMoments } from "../measures/moments.ts";
import { type Collector, collectAll, collectMoments, interpret, type Samples } from "./collector.ts";
import type { CollectOptions } from "./options.ts";

/** Rows that go through the model together. */
export interface Batch {
  readonly pass: number;
  readonly from: number;
  readonly rows: number;
}

/** A function that calls the model. */
export interface Call<M, X extends Tensor> {
  readonly call: (model: M, x: X) => Tensor;
}

/**
 * The steps of one sampling: its batches, the computation of one, and the collection of its output.
 */
export class Passes<M, X extends Tensor> {
  readonly #x: X;
  readonly #total: number;
  readonly #batchSize: number;
  readonly #where: string;
  readonly #options: CollectOptions;
  readonly #call: (model: M, x: X) => unknown;
  #collector: Collector<Samples | SampleMoments> | undefined;
  #outputShape: readonly number[] = [];

  /** @throws NnxError or RangeError for an invalid model, input, number of passes or batch size. */
  constructor(
    where: string,
    model: unknown,
    x: X,
    total: number,
    options: CollectOptions & Partial<Call<M, X>>,
  ) {
    const { call = forward } = options;
    if (typeof call !== "function") {
      throw new NnxError(
        `${where}: expected call to be a function, got ${describe(call)}. Pass (model, x) => model.forward(x), for example.`,
      );
    }
    if (call === forward && !(model instanceof GraphNode && "forward" in model)) {
      throw new NnxError(
        `${where}: expected a module with a forward method, got ${describe(model)}. Pass { call }, a function that calls it.`,
      );
    }
    if (!isTensor(x)) {
      throw new NnxError(
        `${where}: expected a tensor of rows, got ${describe(x)}. Put several inputs into one tensor, ` +
          "such as tf.concat([a, b], -1), and take it apart in { call }: (model, rows) => ….",
      );
    }
    checkTensor(where, "the input", x);
    if (x.rank === 0 || x.shape[0] === 0) {
      throw new NnxError(
        `${where}: expected a tensor with at least one row on its first axis, got ${describe(x)}. Give a single example an axis: tf.expandDims(x, 0).`,
      );
    }
    if (!Number.isSafeInteger(total) || total < 1) {
      throw new RangeError(
        `${where}: expected a positive number of passes, got ${describe(total)}. It comes behind the input: sample(model, x, 50, { key }).`,
      );
    }
    const { batchSize = x.shape[0] } = options;
    if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
      throw new RangeError(
        `${where}: expected batchSize to be a positive integer, got ${describe(batchSize)}. Leave it out to take all rows at once.`,
      );
    }
    this.#where = where;
    this.#x = x;
    this.#total = total;
    this.#batchSize = batchSize;
    this.#options = options;
    this.#call = call;
  }

  /**
   * All batches of all passes, in order. Checks the signal before each batch and reports progress
   * after each pass.
   */
  *batches(): Generator<Batch> {
    const { signal, onProgress } = this.#options;
    const rows = this.#x.shape[0];
    for (let pass = 0; pass < this.#total; pass++) {
      for (let from = 0; from < rows; from += this.#batchSize) {
        signal?.throwIfAborted();
        yield { pass, from, rows: Math.min(this.#batchSize, rows - from) };
      }
      onProgress?.({ done: pass + 1, total: this.#total });
    }
  }

  /** The model's output for one batch. The caller disposes it. */
  compute({ from, rows }: Batch, model: M): Tensor {
    return tidy(() => {
      const y = this.#call(model, this.#rows(from, rows));
      if (!isTensor(y) || (rows !== this.#x.shape[0] && y.shape[0] !== rows)) {
        throw new NnxError(
          `${this.#where}: expected forward to return a tensor with ${rows} rows, got ${describe(y)}. ` +
            "Pass { call } to take one tensor out of the result, or leave out batchSize.",
        );
      }
      // Return a new tensor, because the model may return one that it holds.
      return reshape(y, y.shape);
    });
  }

  #rows(from: number, rows: number): X {
    const { shape } = this.#x;
    if (rows === shape[0]) return this.#x;
    const begin = shape.map((_, axis) => (axis === 0 ? from : 0));
    const size = shape.map((d, axis) => (axis === 0 ? rows : d));
    return slice(this.#x, begin, size);
  }

  /** Collects the numbers of an output. */
  collect({ pass, from, rows }: Batch, values: Float32Array, shape: readonly number[]): void {
    const { outputs = "values", keep = "samples" } = this.#options;
    const all = this.#x.shape[0];
    const block = interpret(this.#where, outputs, values, shape);
    if (this.#collector === undefined) {
      this.#outputShape = rows === all ? shape : [all, ...shape.slice(1)];
      const size = (values.length / rows) * all;
      const classes = outputs === "values" ? null : (shape.at(-1) as number);
      this.#collector =
        keep === "moments" ? collectMoments(this.#total, size, classes) : collectAll(this.#total, size);
    }
    this.#collector.add(pass, (values.length / rows) * from, block);
  }

  finish(): Samples | SampleMoments {
    if (this.#collector) return this.#collector.finish(this.#outputShape);
    throw new NnxError(
      `${this.#where}: expected at least one pass, got none. This is a defect: please report it.`,
    );
  }
}

/** Calls `model.forward`. The constructor has checked that there is one. */
const forward = (model: unknown, x: Tensor): unknown => (model as { forward(x: Tensor): unknown }).forward(x);
