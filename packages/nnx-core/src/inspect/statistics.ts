/** @file Statistics of an array of numbers. */

/** Statistics of the values of a tensor. */
export interface Statistics {
  /** How many values there are. */
  readonly size: number;
  /** The mean of the finite values; NaN if there are none. So are `std`, `min` and `max`. */
  readonly mean: number;
  /** The standard deviation of the finite values: the root of their mean squared deviation. */
  readonly std: number;
  readonly min: number;
  readonly max: number;
  /** The share of all values that are 0, from 0 to 1. */
  readonly zeros: number;
  /** How many values are NaN. */
  readonly nan: number;
  /** How many values are infinite. */
  readonly inf: number;
  /** How many finite values are in each of equally wide bins from min to max. */
  readonly histogram: readonly number[];
}

/** Passes over the values twice: for the moments (Welford 1962), then for the histogram. */
export function statisticsOf(values: ArrayLike<number>, bins = 16): Statistics {
  let [finite, mean, squares, zeros, nan, inf] = [0, 0, 0, 0, 0, 0];
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (Number.isNaN(value)) nan++;
    else if (!Number.isFinite(value)) inf++;
    else {
      const delta = value - mean;
      mean += delta / ++finite;
      squares += delta * (value - mean);
      if (value === 0) zeros++;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  const size = values.length;
  const share = size === 0 ? 0 : zeros / size;
  const histogram = histogramOf(values, bins, min, max);
  if (finite === 0) {
    return {
      size,
      mean: Number.NaN,
      std: Number.NaN,
      min: Number.NaN,
      max: Number.NaN,
      zeros: share,
      nan,
      inf,
      histogram,
    };
  }
  return { size, mean, std: Math.sqrt(squares / finite), min, max, zeros: share, nan, inf, histogram };
}

function histogramOf(values: ArrayLike<number>, bins: number, min: number, max: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  const width = (max - min) / bins;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    const bin = width > 0 ? Math.min(bins - 1, Math.floor((value - min) / width)) : 0;
    counts[bin] = (counts[bin] as number) + 1;
  }
  return counts;
}
