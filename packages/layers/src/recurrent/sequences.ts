/** @file Sequences of different lengths in one array. */
import { NnxError } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import { gather, isTensor, reshape, reverse, sizeOf, type Tensor, valuesOf } from "@nnxjs/kernels/internal";
import { shapeText } from "../checks.ts";
import { checkGiven, count, flag, lengthsOrNull, type OptionChecks } from "../options.ts";

/**
 * The length of each sequence: an int32 tensor of the batch's shape, or a list of numbers. The tensor is
 * read: on a GPU pass numbers, or one that `nnx.readAhead` has read.
 */
export type SeqLengths = Tensor | readonly number[];

/**
 * The lengths as numbers, one for each sequence.
 * @throws NnxError when their number differs from the batch, or a length is invalid.
 */
export function lengthsOf(
  where: string,
  lengths: SeqLengths,
  batch: readonly number[],
  steps: number,
): number[] {
  if (isTensor(lengths)) checkTensor(where, "seqLengths", lengths);
  const numbers = isTensor(lengths) ? Array.from(valuesOf(lengths, where)) : [...lengths];
  const bad = numbers.find((length) => !Number.isInteger(length) || length < 0 || length > steps);
  if (numbers.length === sizeOf(batch) && bad === undefined) return numbers;
  throw new NnxError(
    `${where}: expected seqLengths of shape ${shapeText(batch)} with lengths from 0 to ${steps}, got ${isTensor(lengths) ? describe(lengths) : shapeText(numbers)}.`,
  );
}

/** Options of {@link flipSequences}; the names are Flax's. */
export interface FlipOptions {
  /** @defaultValue none: whole sequences are reversed */
  seqLengths?: SeqLengths | null;
  /** The number of batch axes. */
  numBatchDims: number;
  /** Whether time comes before the batch. @defaultValue false */
  timeMajor?: boolean;
}

const FLIP: OptionChecks<FlipOptions> = {
  seqLengths: lengthsOrNull,
  numBatchDims: count,
  timeMajor: flag,
};

/**
 * Reverses sequences in time. With lengths, each sequence is reversed by itself. Its padding stays
 * behind it, in reverse order.
 * @param inputs - `[...batch, time, ...features]`, or `[time, ...batch, ...features]`; any dtype.
 * @returns the same shape and dtype.
 * @throws NnxError when lengths and axes do not fit.
 * @see Flax `nnx.nn.recurrent.flip_sequences`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const x = tf.tensor2d([[1, 2, 3, 0]]);
 * nnx.flipSequences(x, { seqLengths: [3], numBatchDims: 1 }); // [[3, 2, 1, 0]]
 * ```
 */
export function flipSequences<T extends Tensor>(inputs: T, options: FlipOptions): T {
  const where = "flipSequences";
  checkTensor(where, "inputs", inputs);
  checkGiven(where, options, FLIP);
  // A caller in JavaScript may leave the options out.
  const given = (options as Partial<FlipOptions> | undefined) ?? {};
  count(where, "numBatchDims", given.numBatchDims);
  const { seqLengths = null, numBatchDims, timeMajor = false } = options;
  if (inputs.rank <= numBatchDims) {
    throw new NnxError(
      `${where}: expected inputs with ${numBatchDims} batch axes and an axis of time, got ${describe(inputs)}.`,
    );
  }
  const timeAxis = timeMajor ? 0 : numBatchDims;
  const steps = inputs.shape[timeAxis] as number;
  if (seqLengths === null) return reverse(inputs, timeAxis);
  const batch = timeMajor ? inputs.shape.slice(1, 1 + numBatchDims) : inputs.shape.slice(0, numBatchDims);
  const lengths = lengthsOf("flipSequences", seqLengths, batch, steps);
  const from = (step: number, sequence: number): number =>
    (steps - 1 - step + (lengths[sequence] as number)) % steps;
  const rows = timeMajor
    ? range(steps).flatMap((step) => lengths.map((_, b) => from(step, b) * lengths.length + b))
    : lengths.flatMap((_, b) => range(steps).map((step) => b * steps + from(step, b)));
  const flat = reshape(inputs, [steps * lengths.length, ...inputs.shape.slice(1 + numBatchDims)]);
  // Rank and dtype are those of the input, so the type T holds.
  return reshape(gather(flat, rows), inputs.shape) as T;
}

/** From `[time, ...batch, ...features]`, takes the values of each sequence at its last step. */
export function atLastStep(carries: Tensor, lengths: readonly number[]): Tensor {
  const [steps = 0, ...rest] = carries.shape;
  // The batch axes come first. Together they have as many elements as there are lengths.
  let axes = 0;
  while (sizeOf(rest.slice(0, axes)) < lengths.length) axes++;
  const flat = reshape(carries, [steps * lengths.length, ...rest.slice(axes)]);
  const rows = lengths.map((length, b) => ((length - 1 + steps) % steps) * lengths.length + b);
  return reshape(gather(flat, rows), rest);
}

/**
 * From `[...batch, time, features]` or `[time, ...batch, features]`, takes the values of each
 * sequence at one step.
 */
export function atSteps(x: Tensor, at: readonly number[], timeMajor: boolean): Tensor {
  const features = x.shape.at(-1)!;
  const steps = x.size / at.length / features;
  const rows = at.map((step, b) => (timeMajor ? step * at.length + b : b * steps + step));
  const batch = timeMajor ? x.shape.slice(1) : [...x.shape.slice(0, -2), features];
  return reshape(gather(reshape(x, [-1, features]), rows), batch);
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
