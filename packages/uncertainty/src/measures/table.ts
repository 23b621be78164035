/** @file Numbers with a shape, from tensors or plain arrays, and checks of them. */
import { NnxError } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import { isTensor, sizeOf, type Tensor, valuesOf as readNow } from "@nnxjs/kernels/internal";

/** A plain array with a shape, row-major. */
export interface Table<A extends ArrayLike<number> = ArrayLike<number>> {
  readonly data: A;
  readonly shape: readonly number[];
}

/**
 * Numbers with a shape: a tensor, or a plain array with its shape. A tensor is read: on a GPU pass one
 * that `nnx.readAhead` has read.
 */
export type Numbers = Tensor | Table;

/**
 * A list of numbers, or a tensor whose values are read row by row: on a GPU one that `nnx.readAhead` has
 * read.
 */
export type NumberList = ArrayLike<number> | Tensor;

/**
 * The numbers of a list.
 * @throws NnxError when `x` is not a list of numbers, DisposedError for a disposed tensor.
 */
export function listOf(where: string, name: string, x: NumberList): ArrayLike<number> {
  if (isTensor(x)) return valuesOf(where, name, x);
  if (isNumbers(x)) return x;
  throw new NnxError(
    `${where}: expected ${name} to be a list of numbers or a tensor, got ${describe(x)}. Pass an array, one number for each input.`,
  );
}

/** Whether `x` is an array of numbers, and not of lists, strings or BigInts. */
function isNumbers(x: unknown): x is ArrayLike<number> {
  if (Array.isArray(x)) return x.every((value) => typeof value === "number");
  return (
    ArrayBuffer.isView(x) && "length" in x && !(x instanceof BigInt64Array || x instanceof BigUint64Array)
  );
}

function valuesOf(where: string, name: string, x: Tensor): ArrayLike<number> {
  checkTensor(where, name, x);
  if (x.dtype === "float32" || x.dtype === "int32" || x.dtype === "bool") return readNow(x, where);
  throw new NnxError(`${where}: expected ${name} to hold numbers, got ${describe(x)}. Cast it to float32.`);
}

/** Whether it has the names of a table. What is under them is checked afterwards. */
const isTableLike = (x: unknown): x is Table =>
  typeof x === "object" && x !== null && "data" in x && "shape" in x;

/**
 * The numbers of a tensor or table, row-major.
 * @throws NnxError when `x` holds no numbers, when its shape does not fit the data, or when it has
 * fewer axes than `rank`.
 */
export function tableOf(where: string, x: Numbers, { rank, axes }: { rank: number; axes: string }): Table {
  const table: Table | undefined = isTensor(x)
    ? { data: valuesOf(where, "the tensor", x), shape: x.shape }
    : isTableLike(x)
      ? x
      : undefined;
  if (
    !table ||
    !isNumbers(table.shape) ||
    !isNumbers(table.data) ||
    sizeOf(table.shape) !== table.data.length
  ) {
    throw new NnxError(
      `${where}: expected a tensor or { data, shape } whose shape fits, got ${describe(x)}. Pass the result of sample, or a tensor.`,
    );
  }
  if (table.shape.length < rank || table.data.length === 0) {
    throw new NnxError(
      `${where}: expected the axes [${axes}] and at least one element, got the shape [${table.shape.join(", ")}]. Samples come first, and classes last.`,
    );
  }
  return table;
}

/** How far the sum of a row of probabilities may be from 1. */
const TOLERANCE = 1e-3;

/**
 * Probabilities over at least two classes, on the last axis.
 * @throws NnxError that names the first row that does not hold probabilities.
 */
export function probabilitiesOf(where: string, x: Numbers, form: { rank: number; axes: string }): Table {
  const table = tableOf(where, x, form);
  const classes = table.shape.at(-1) as number;
  if (classes < 2) {
    throw new NnxError(
      `${where}: expected at least two classes on the last axis, got the shape [${table.shape.join(", ")}]. ` +
        "For a binary model with one output p, pass [1 - p, p].",
    );
  }
  const { data } = table;
  for (let from = 0; from < data.length; from += classes) {
    let sum = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let i = from; i < from + classes; i++) {
      sum += data[i] as number;
      least = Math.min(least, data[i] as number);
    }
    // The comparison is false for NaN, so NaN is refused.
    if (least >= -TOLERANCE && Math.abs(sum - 1) <= TOLERANCE) continue;
    throw new NnxError(
      `${where}: expected probabilities, got a row (number ${from / classes}) that sums to ${sum} with the least element ${least}. ` +
        'Sample with { outputs: "logits" } to have softmax applied to each pass.',
    );
  }
  return table;
}
