/** @file What is kept of one step, and of one tensor in it. */
import type { Numbers } from "../format/report-data.ts";
import { numbersOf } from "../gather/numbers.ts";
import { blocksFor, positionsOf, shownShape } from "../gather/picture.ts";
import type { Place } from "../gather/places.ts";
import { sampled, type Tensor } from "../tensor.ts";

/** Of larger tensors so many evenly spaced values are read, and all where one is not finite. */
const SAMPLE = 16_384;
const BINS = 16;

/** Which values of a tensor are kept at each step. */
interface Frame {
  readonly shape: readonly number[];
  readonly block: readonly number[];
  readonly positions: Uint32Array;
}

/** A tensor that is recorded at many steps. */
export interface Series {
  readonly place: Omit<Place, "tensor">;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly frame: Frame;
}

/** What is kept of a tensor at one step. */
export interface Entry {
  readonly numbers: Numbers;
  /** Absent when the tensor had another shape than at first. */
  readonly values?: Float32Array;
}

/** One recorded step. */
export interface Recorded {
  readonly step: number;
  readonly scalars: Readonly<Record<string, number>>;
  readonly entries: ReadonlyMap<string, Entry>;
}

export function seriesOf({ tensor, ...place }: Place, cells: number): Series {
  const block = blocksFor(tensor.shape, cells);
  const frame = {
    shape: shownShape(tensor.shape, block),
    block,
    positions: positionsOf(tensor.shape, block),
  };
  return { place, dtype: tensor.dtype, shape: [...tensor.shape], frame };
}

/** What of a tensor is to be read: the tensor itself, or a sum, a sample and a frame. */
export type Reading = readonly [Tensor] | readonly [sum: Tensor, sample: Tensor, frame: Tensor];

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** A stride that goes through all columns, instead of taking the same ones of each row. */
function strideFor({ size, shape }: Tensor): number {
  let stride = Math.ceil(size / SAMPLE);
  while (gcd(stride, shape.at(-1) ?? 1) > 1) stride++;
  return stride;
}

const isSampled = ({ size }: Tensor): boolean => size > SAMPLE;

/** The tensors to read for an entry. The caller disposes those that are not `x` itself. */
export function readingOf({ shape, frame }: Series, x: Tensor): Reading {
  if (!isSampled(x) || shape.join() !== x.shape.join() || x.dtype !== "float32") return [x];
  const { sum, sample, frame: values } = sampled(x, strideFor(x), frame.positions);
  return [sum, sample, values];
}

/** An entry from all values. */
export function entryOf({ shape, frame }: Series, values: ArrayLike<number>, now: readonly number[]): Entry {
  const numbers = numbersOf(values, BINS);
  if (shape.join() !== now.join()) return { numbers };
  const { positions } = frame;
  const kept = new Float32Array(positions.length);
  for (let i = 0; i < positions.length; i++) kept[i] = values[positions[i] as number] as number;
  return { numbers, values: kept };
}

/** An entry from a sample, or nothing if a value is not finite: then all are to be read. */
export function sampledEntry(
  x: Tensor,
  [sum, sample, frame]: readonly [ArrayLike<number>, ArrayLike<number>, ArrayLike<number>],
): Entry | undefined {
  if (!Number.isFinite(sum[0])) return undefined;
  return { numbers: { ...numbersOf(sample, BINS), size: x.size }, values: Float32Array.from(frame) };
}
