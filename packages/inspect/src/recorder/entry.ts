/** @file What is kept of one tensor at one step. */
import type { Numbers } from "../format/report-data.ts";
import { histogramOf, momentsOf } from "../gather/numbers.ts";
import { blocksFor, positionsOf, shownShape } from "../gather/picture.ts";
import type { Place } from "../gather/places.ts";

/** Histograms of a run count so many values of a tensor at most. */
const COUNTED = 8192;

/** Which values of a tensor are kept at each step. */
export interface Frame {
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

export interface Entry {
  readonly numbers: Numbers;
  /** Absent when the tensor had another shape than at first. */
  readonly values?: Float32Array;
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

export function entryOf(
  { shape, frame }: Series,
  values: ArrayLike<number>,
  now: readonly number[],
  bins: number,
): Entry {
  const moments = momentsOf(values);
  const numbers = { ...moments, histogram: histogramOf(values, moments, bins, COUNTED) };
  if (shape.join() !== now.join()) return { numbers };
  return { numbers, values: Float32Array.from(frame.positions, (at) => values[at] as number) };
}
