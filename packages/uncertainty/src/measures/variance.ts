/** @file Variance, and its split into an aleatoric and an epistemic part. */
import { NnxError } from "@nnxjs/nnx-core";
import type { Decomposition } from "./decomposition.ts";
import { meanOfSamples } from "./mean.ts";
import { isMoments, type SampleMoments } from "./moments.ts";
import { type Numbers, probabilitiesOf, tableOf } from "./table.ts";

const AXES = { rank: 2, axes: "samples, ..., classes" };

/**
 * Splits the variance of the one-hot label, summed over classes, by the law of total variance.
 * Total is `sum p (1 - p)` of the mean prediction. Aleatoric is the mean of that sum over the
 * predictions. Epistemic is the variance of the predictions. This is the decomposition of the Brier
 * score.
 * @param samples - Probabilities `[samples, ..., classes]`, or moments of probabilities.
 * @throws NnxError when a row does not hold probabilities, or for fewer than two classes.
 * @see Sale et al. 2024, https://arxiv.org/abs/2406.02354
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const samples = { data: [1, 0, 0, 1], shape: [2, 1, 2] }; // two sure predictions that disagree
 * const { total, aleatoric, epistemic } = nnx.varianceDecomposition(samples);
 * [total[0], aleatoric[0], epistemic[0]]; // => [0.5, 0, 0.5]
 * ```
 */
export function varianceDecomposition(samples: Numbers | SampleMoments): Decomposition {
  const { mean, variance } = isMoments(samples) ? ofProbabilities(samples) : momentsOf(samples);
  const classes = mean.shape.at(-1) as number;
  const rows = mean.data.length / classes;
  const total = new Float64Array(rows);
  const epistemic = new Float64Array(rows);
  for (let i = 0; i < mean.data.length; i++) {
    const row = Math.floor(i / classes);
    const p = mean.data[i] as number;
    total[row] = (total[row] as number) + p * (1 - p);
    epistemic[row] = (epistemic[row] as number) + (variance[i] as number);
  }
  return { total, aleatoric: total.map((t, i) => Math.max(0, t - (epistemic[i] as number))), epistemic };
}

function momentsOf(samples: Numbers) {
  const table = probabilitiesOf("varianceDecomposition", samples, AXES);
  const mean = meanOfSamples(table);
  return { mean, variance: varianceOver(table.data, mean.data) };
}

function ofProbabilities({ mean, variance, expectedEntropy }: SampleMoments) {
  if (expectedEntropy !== null) return { mean, variance: variance.data };
  throw new NnxError(
    "varianceDecomposition: expected moments of probabilities, got moments of other values. " +
      'Sample with { outputs: "logits" } or "probabilities"; for regression use moments.variance itself.',
  );
}

/** The variance over the first axis (divided by the number of samples). */
function varianceOver(data: ArrayLike<number>, mean: Float64Array): Float64Array {
  const variance = new Float64Array(mean.length);
  const count = data.length / mean.length;
  for (let i = 0; i < data.length; i++) {
    const at = i % mean.length;
    const difference = (data[i] as number) - (mean[at] as number);
    variance[at] = (variance[at] as number) + (difference * difference) / count;
  }
  return variance;
}

/**
 * Splits the variance of a regression model that predicts a mean and a variance for each target.
 * Aleatoric is the mean of the variances, epistemic is the variance of the means, and total is
 * their sum.
 * @param means - `[samples, ...]`
 * @param variances - The same shape; not negative.
 * @returns One number for each target.
 * @throws NnxError when the shapes differ, a mean is not finite, or a variance is negative or NaN.
 * @see Kendall and Gal 2017, https://arxiv.org/abs/1703.04977
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const means = { data: [1, 3], shape: [2, 1] }; // two predictions for one input
 * const variances = { data: [0.5, 0.5], shape: [2, 1] };
 * const { total, aleatoric, epistemic } = nnx.regressionDecomposition(means, variances);
 * [total[0], aleatoric[0], epistemic[0]]; // => [1.5, 0.5, 1]
 * ```
 */
export function regressionDecomposition(means: Numbers, variances: Numbers): Decomposition {
  const where = "regressionDecomposition";
  const axes = { rank: 1, axes: "samples, ..." };
  const mu = tableOf(where, means, axes);
  const sigma = tableOf(where, variances, axes);
  if (String(mu.shape) !== String(sigma.shape)) {
    throw new NnxError(
      `${where}: expected means and variances of one shape, got [${mu.shape.join(", ")}] and [${sigma.shape.join(", ")}]. Reshape one of them.`,
    );
  }
  for (let i = 0; i < mu.data.length; i++) {
    if (Number.isFinite(mu.data[i])) continue;
    throw new NnxError(
      `${where}: expected finite means, got ${mu.data[i]} at ${i}. Look for the layer that made it with findNonFinite.`,
    );
  }
  for (let i = 0; i < sigma.data.length; i++) {
    if ((sigma.data[i] as number) >= 0) continue;
    throw new NnxError(
      `${where}: expected variances of at least 0, got ${sigma.data[i]}. Pass exp of a log-variance, or softplus.`,
    );
  }
  const epistemic = varianceOver(mu.data, meanOfSamples(mu).data);
  const aleatoric = meanOfSamples(sigma).data;
  return { total: aleatoric.map((a, i) => a + (epistemic[i] as number)), aleatoric, epistemic };
}
