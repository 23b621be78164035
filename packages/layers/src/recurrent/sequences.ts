/** @file Sequences of different lengths in one array. */
import { NnxError } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import {
  add,
  floorDiv,
  gather,
  gatherAt,
  isRecorded,
  isTensor,
  mul,
  reshape,
  reverse,
  scalar,
  sizeOf,
  sub,
  type Tensor,
  tensorOf,
  valuesOf,
} from "@nnxjs/kernels/internal";
import { shapeText } from "../checks.ts";
import { checkGiven, count, flag, lengthsOrNull, type OptionChecks } from "../options.ts";

/**
 * The length of each sequence: an int32 tensor of the batch's shape, or a list of numbers. The tensor is
 * read: on a GPU pass numbers, or one that `nnx.readAhead` has read. In a recorded function it is not
 * read, so its values are not checked: those outside of the steps count modulo their number, as in Flax.
 */
export type SeqLengths = Tensor | readonly number[];

/** One length for each sequence. In a recorded function a tensor stays one: its values may change. */
export type Lengths = Tensor | readonly number[];

/**
 * The lengths, one for each sequence. Those in a tensor are read, but in a recorded function.
 * @throws NnxError when their number differs from the batch, or a length is invalid.
 */
export function lengthsOf(
  where: string,
  lengths: SeqLengths,
  batch: readonly number[],
  steps: number,
): Lengths {
  if (isTensor(lengths)) checkTensor(where, "seqLengths", lengths);
  if (isTensor(lengths) && isRecorded() && lengths.dtype === "int32" && lengths.size === sizeOf(batch))
    return reshape(lengths, [lengths.size]);
  const numbers = isTensor(lengths) ? Array.from(valuesOf(lengths, where)) : [...lengths];
  const bad = numbers.find((length) => !Number.isInteger(length) || length < 0 || length > steps);
  if (numbers.length === sizeOf(batch) && bad === undefined) return numbers;
  throw new NnxError(
    `${where}: expected seqLengths of shape ${shapeText(batch)} with lengths from 0 to ${steps}, got ${isTensor(lengths) ? describe(lengths) : shapeText(numbers)}. Give each sequence one.`,
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
      `${where}: expected inputs with ${numBatchDims} batch axes and an axis of time, got ${describe(inputs)}. Their shape is [...batch, time, ...features].`,
    );
  }
  const timeAxis = timeMajor ? 0 : numBatchDims;
  const steps = inputs.shape[timeAxis] as number;
  if (seqLengths === null) return reverse(inputs, timeAxis);
  const batch = timeMajor ? inputs.shape.slice(1, 1 + numBatchDims) : inputs.shape.slice(0, numBatchDims);
  const lengths = lengthsOf("flipSequences", seqLengths, batch, steps);
  const total = sizeOf(batch);
  const flat = reshape(inputs, [steps * total, ...inputs.shape.slice(1 + numBatchDims)]);
  const at = timeMajor
    ? range(steps).flatMap((step) => range(total).map((b) => [step, b] as const))
    : range(total).flatMap((b) => range(steps).map((step) => [step, b] as const));
  const taken = rowsAt(flat, lengths, at, {
    steps,
    from: ([step]) => steps - 1 - step,
    row: timeMajor ? [total, 1] : [1, steps],
  });
  // Rank and dtype are those of the input, so the type T holds.
  return reshape(taken, inputs.shape) as T;
}

/** A step, and the number of a sequence. */
type At = readonly [step: number, sequence: number];

/**
 * Takes a row for each place: that of the step `from(place) + length`, which is counted modulo the
 * number of steps.
 * @param rows - `row`: how far the rows of two steps, and of two sequences, are apart.
 */
function rowsAt(
  flat: Tensor,
  lengths: Lengths,
  at: readonly At[],
  rows: {
    readonly steps: number;
    readonly from: (place: At) => number;
    readonly row: readonly [step: number, sequence: number];
  },
): Tensor {
  const { steps, from, row } = rows;
  const [perStep, perSequence] = row;
  const others = at.map(([, b]) => b * perSequence);
  if (!isTensor(lengths))
    return gather(
      flat,
      at.map((place, i) => {
        const step = (from(place) + (lengths[place[1]] as number)) % steps;
        return step * perStep + (others[i] as number);
      }),
    );
  const integers = (values: readonly number[]): Tensor => tensorOf(values, [values.length], "int32");
  const own = gather(
    lengths,
    at.map(([, b]) => b),
  );
  const sum = add(own, integers(at.map(from)));
  const all = scalar(steps, "int32");
  const step = sub(sum, mul(floorDiv(sum, all), all));
  return gatherAt(flat, add(mul(step, scalar(perStep, "int32")), integers(others)));
}

/** From `[time, ...batch, ...features]`, takes the values of each sequence at its last step. */
export function atLastStep(carries: Tensor, lengths: Lengths): Tensor {
  const [steps = 0, ...rest] = carries.shape;
  const count = countOf(lengths);
  // The batch axes come first. Together they have as many elements as there are lengths.
  let axes = 0;
  while (sizeOf(rest.slice(0, axes)) < count) axes++;
  const flat = reshape(carries, [steps * count, ...rest.slice(axes)]);
  return reshape(lastRows(flat, lengths, steps, [count, 1]), rest);
}

/**
 * From `[...batch, time, features]` or `[time, ...batch, features]`, takes the values of each
 * sequence at its last step.
 */
export function atLastSteps(x: Tensor, lengths: Lengths, timeMajor: boolean): Tensor {
  const features = x.shape.at(-1)!;
  const count = countOf(lengths);
  const steps = x.size / count / features;
  const batch = timeMajor ? x.shape.slice(1) : [...x.shape.slice(0, -2), features];
  const flat = reshape(x, [-1, features]);
  return reshape(lastRows(flat, lengths, steps, timeMajor ? [count, 1] : [1, steps]), batch);
}

const countOf = (lengths: Lengths): number => (isTensor(lengths) ? lengths.size : lengths.length);

const lastRows = (
  flat: Tensor,
  lengths: Lengths,
  steps: number,
  row: readonly [step: number, sequence: number],
): Tensor => {
  const at = range(countOf(lengths)).map((b) => [0, b] as const);
  return rowsAt(flat, lengths, at, { steps, from: () => steps - 1, row });
};

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
