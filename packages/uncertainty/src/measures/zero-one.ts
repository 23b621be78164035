/**
 * @file The probability of a wrong guess, and its split into an aleatoric and an epistemic part.
 */
import { NnxError } from "@nnxjs/nnx-core";
import type { Decomposition } from "./decomposition.ts";
import { meanOfSamples } from "./mean.ts";
import { isMoments, type SampleMoments } from "./moments.ts";
import { type Numbers, probabilitiesOf } from "./table.ts";

/** The index of the largest of `count` values, starting at `from`; the first one of equals. */
export function argmaxOf(values: ArrayLike<number>, from: number, count: number): number {
  let best = 0;
  for (let k = 1; k < count; k++) {
    if ((values[from + k] as number) > (values[from + best] as number)) best = k;
  }
  return best;
}

/**
 * 1 minus the largest probability of each row. If the probabilities are right, this is the
 * probability that the best guess is wrong.
 * @param probabilities - `[..., classes]`
 * @returns One number for each row.
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * Array.from(nnx.maxProbabilityComplement({ data: [0.5, 0.5, 1, 0], shape: [2, 2] })); // => [0.5, 0]
 * ```
 */
export function maxProbabilityComplement(probabilities: Numbers): Float64Array {
  const { data, shape } = probabilitiesOf("maxProbabilityComplement", probabilities, {
    rank: 1,
    axes: "..., classes",
  });
  const classes = shape.at(-1) as number;
  return Float64Array.from({ length: data.length / classes }, (_, row) =>
    Math.max(0, 1 - (data[row * classes + argmaxOf(data, row * classes, classes)] as number)),
  );
}

/**
 * Splits the probability that the best guess of the mean prediction is wrong (total). Aleatoric is
 * the mean probability of error when each prediction makes its own best guess. Epistemic is the
 * cost of agreeing on one guess.
 * @param samples - Probabilities `[samples, ..., classes]`, or moments of probabilities.
 * @throws NnxError when a row does not hold probabilities, or for fewer than two classes.
 * @see Hofman, Sale and Hüllermeier 2024, https://arxiv.org/abs/2404.12215
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const samples = { data: [1, 0, 0, 1], shape: [2, 1, 2] }; // two sure predictions that disagree
 * const { total, aleatoric, epistemic } = nnx.zeroOneDecomposition(samples);
 * [total[0], aleatoric[0], epistemic[0]]; // => [0.5, 0, 0.5]
 * ```
 */
export function zeroOneDecomposition(samples: Numbers | SampleMoments): Decomposition {
  if (isMoments(samples)) return fromMoments(samples);
  const { data, shape } = probabilitiesOf("zeroOneDecomposition", samples, {
    rank: 2,
    axes: "samples, ..., classes",
  });
  const classes = shape.at(-1) as number;
  const count = shape[0] as number;
  const mean = meanOfSamples({ data, shape });
  const total = maxProbabilityComplement(mean);
  const aleatoric = new Float64Array(total.length);
  const epistemic = new Float64Array(total.length);
  for (let row = 0; row < total.length; row++) {
    const guess = argmaxOf(mean.data, row * classes, classes);
    for (let m = 0; m < count; m++) {
      const from = m * mean.data.length + row * classes;
      const most = data[from + argmaxOf(data, from, classes)] as number;
      aleatoric[row] = (aleatoric[row] as number) + (1 - most) / count;
      epistemic[row] = (epistemic[row] as number) + (most - (data[from + guess] as number)) / count;
    }
    aleatoric[row] = Math.max(0, aleatoric[row] as number);
  }
  return { total, aleatoric, epistemic };
}

function fromMoments({ mean, expectedMax }: SampleMoments): Decomposition {
  if (expectedMax === null) {
    throw new NnxError(
      "zeroOneDecomposition: expected moments of probabilities, got moments of other values. " +
        'Sample with { outputs: "logits" } or "probabilities".',
    );
  }
  const total = maxProbabilityComplement(mean);
  const aleatoric = expectedMax.map((most) => Math.max(0, 1 - most));
  return { total, aleatoric, epistemic: total.map((t, i) => Math.max(0, t - (aleatoric[i] as number))) };
}
