/** @file The mean prediction of several passes. */
import { isMoments, type SampleMoments } from "./moments.ts";
import { type Numbers, type Table, tableOf } from "./table.ts";

/** The mean over the first axis, in double precision. */
export function meanOfSamples({ data, shape }: Table): Table<Float64Array> {
  const [count = 0, ...rest] = shape;
  const mean = new Float64Array(data.length / count);
  for (let i = 0; i < data.length; i++) {
    const at = i % mean.length;
    mean[at] = (mean[at] as number) + (data[i] as number);
  }
  for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] as number) / count;
  return { data: mean, shape: rest };
}

/**
 * The mean prediction. Pass probabilities, not logits.
 * @param samples - `[samples, ...]`, or moments.
 * @returns The mean, in the shape of one output.
 * @see Gal and Ghahramani 2016, https://proceedings.mlr.press/v48/gal16.html
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const samples = { data: [0.5, 0.5, 1, 0], shape: [2, 1, 2] }; // two predictions for one input
 * Array.from(nnx.predictiveMean(samples).data); // => [0.75, 0.25]
 * ```
 */
export const predictiveMean = (samples: Numbers | SampleMoments): Table<Float64Array> =>
  isMoments(samples)
    ? samples.mean
    : meanOfSamples(tableOf("predictiveMean", samples, { rank: 1, axes: "samples, ..." }));
