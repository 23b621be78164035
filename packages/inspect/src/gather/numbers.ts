/** @file Statistics of the values of a tensor. */
import type { Numbers } from "../format/report-data.ts";

/** One pass over the values: everything but the histogram. */
function momentsOf(values: ArrayLike<number>): Omit<Numbers, "histogram"> {
  const size = values.length;
  // Squares of differences to a value of the tensor lose fewer digits than squares of the values.
  let shift = 0;
  for (let i = 0; i < size; i++) {
    if (!Number.isFinite(values[i])) continue;
    shift = values[i] as number;
    break;
  }
  let sum = 0;
  let squares = 0;
  let zeros = 0;
  let nan = 0;
  let inf = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < size; i++) {
    const value = values[i] as number;
    const delta = value - shift;
    // False for NaN and infinities.
    if (delta - delta === 0) {
      sum += delta;
      squares += delta * delta;
      if (value === 0) zeros++;
      if (value < min) min = value;
      if (value > max) max = value;
    } else if (Number.isNaN(value)) nan++;
    else inf++;
  }
  const finite = size - nan - inf;
  const share = size === 0 ? 0 : zeros / size;
  if (finite === 0) {
    const none = Number.NaN;
    return { size, mean: none, std: none, rms: none, min: none, max: none, zeros: share, nan, inf };
  }
  const off = sum / finite;
  const mean = shift + off;
  const variance = Math.max(0, squares / finite - off * off);
  return {
    size,
    mean,
    std: Math.sqrt(variance),
    rms: Math.sqrt(variance + mean * mean),
    min,
    max,
    zeros: share,
    nan,
    inf,
  };
}

/**
 * How many of the values are in each of equally wide bins from `min` to `max`.
 * @param most - Of more values only so many count, evenly spaced.
 */
function histogramOf(
  values: ArrayLike<number>,
  { min, max }: { min: number; max: number },
  bins: number,
  most: number = Number.POSITIVE_INFINITY,
): number[] {
  const counts = new Array<number>(bins).fill(0);
  const width = (max - min) / bins;
  const stride = Math.max(1, Math.floor(values.length / most));
  for (let i = 0; i < values.length; i += stride) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    const bin = width > 0 ? Math.min(bins - 1, Math.floor((value - min) / width)) : 0;
    counts[bin] = (counts[bin] as number) + 1;
  }
  return counts;
}

export function numbersOf(values: ArrayLike<number>, bins: number): Numbers {
  const moments = momentsOf(values);
  return { ...moments, histogram: histogramOf(values, moments, bins) };
}
