/**
 * @file Normalises rows in one loop. Without a tape, single ops of tensorflow.js cost many times
 * more.
 */
import { fuse, isRecording, type Tensor } from "@nnxjs/kernels/internal";
import { normalizeAxes } from "../axes.ts";
import type { Axes } from "../axes.ts";

/** Options of {@link fusedRows}. */
export interface RowsOptions {
  readonly reductionAxes: Axes;
  readonly featureAxes: Axes;
  readonly epsilon: number;
  /** If false, the mean counts as 0. */
  readonly useMean: boolean;
  readonly mask: Tensor | null;
}

const isLast = (axes: Axes, rank: number): boolean => {
  const [axis, ...others] = normalizeAxes("norm", axes, rank);
  return axis === rank - 1 && others.length === 0;
};

/**
 * `(x - mean) / sqrt(variance + epsilon) * scale + bias` along the last axis, with sums in float64.
 * Returns `undefined` where single ops are needed: on a tape, with a mask, along other axes, or on
 * a backend whose memory cannot be accessed.
 */
export function fusedRows(
  x: Tensor,
  scale: Tensor | null,
  bias: Tensor | null,
  { reductionAxes, featureAxes, epsilon, useMean, mask }: RowsOptions,
): Tensor | undefined {
  if (mask || isRecording() || !isLast(reductionAxes, x.rank) || !isLast(featureAxes, x.rank))
    return undefined;
  const size = x.shape.at(-1) as number;
  const extra = [scale, bias].filter((vector) => vector !== null);
  const run = (inputs: readonly Float32Array[], outputs: readonly Float32Array[]): void => {
    const [values, ...vectors] = inputs as [Float32Array, ...Float32Array[]];
    const factors = scale ? vectors.shift() : undefined;
    normalizeRows(values, outputs[0] as Float32Array, size, {
      factors,
      offsets: vectors[0],
      epsilon,
      useMean,
    });
  };
  return fuse([x, ...extra], [x.shape], run)?.[0];
}

interface Rows {
  readonly factors: Float32Array | undefined;
  readonly offsets: Float32Array | undefined;
  readonly epsilon: number;
  readonly useMean: boolean;
}

function normalizeRows(
  values: Float32Array,
  out: Float32Array,
  size: number,
  { factors, offsets, epsilon, useMean }: Rows,
): void {
  for (let start = 0; start < values.length; start += size) {
    let sum = 0;
    let squares = 0;
    for (let i = start; i < start + size; i++) {
      const value = values[i] as number;
      sum += value;
      squares += value * value;
    }
    const mean = useMean ? sum / size : 0;
    const inverse = 1 / Math.sqrt(Math.max(squares / size - mean * mean, 0) + epsilon);
    for (let i = 0; i < size; i++) {
      const scaled =
        ((values[start + i] as number) - mean) * inverse * (factors ? (factors[i] as number) : 1);
      out[start + i] = offsets ? scaled + (offsets[i] as number) : scaled;
    }
  }
}
