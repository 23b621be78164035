/** @file Entropy, and its split into an aleatoric and an epistemic part. */
import { NnxError } from "@nnxjs/nnx-core";
import { checkOptions, describe } from "@nnxjs/nnx-core/internal";
import type { Decomposition } from "./decomposition.ts";
import { meanOfSamples } from "./mean.ts";
import { isMoments, type SampleMoments } from "./moments.ts";
import { type Numbers, probabilitiesOf } from "./table.ts";

const NAMES = { base: true } as const;

/** The unit of entropies. */
export interface EntropyOptions {
  /**
   * The base of the logarithm, above 1, such as 2 for bits. `"normalize"` divides by the logarithm
   * of the number of classes.
   * @defaultValue Math.E, nats
   */
  base?: number | "normalize";
}

/**
 * The entropy in nats of `count` probabilities, starting at `from`. 0 log 0 is 0, and NaN stays
 * NaN.
 */
export function entropyOf(p: ArrayLike<number>, from: number, count: number): number {
  let sum = 0;
  for (let i = from; i < from + count; i++) {
    const value = p[i] as number;
    if (!(value <= 0)) sum -= value * Math.log(value);
  }
  return sum;
}

/** The number of nats in one unit. */
function unitOf(where: string, base: number | "normalize", classes: number): number {
  if (base === "normalize") return Math.log(classes);
  if (base > 1 && Number.isFinite(base)) return Math.log(base);
  throw new NnxError(
    `${where}: expected a finite base above 1, or "normalize", got ${describe(base)}. Leave it out for nats.`,
  );
}

/**
 * The entropy of each row.
 * @param probabilities - `[..., classes]`
 * @returns One number for each row.
 * @throws NnxError when a row does not hold probabilities, or for options that are not known.
 * @see Shannon 1948
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * Array.from(nnx.entropy({ data: [0.5, 0.5, 1, 0], shape: [2, 2] }, { base: 2 })); // => [1, 0]
 * ```
 */
export function entropy(probabilities: Numbers, options: EntropyOptions = {}): Float64Array {
  checkOptions("entropy", options, NAMES);
  const { base = Math.E } = options;
  const { data, shape } = probabilitiesOf("entropy", probabilities, { rank: 1, axes: "..., classes" });
  const classes = shape.at(-1) as number;
  const unit = unitOf("entropy", base, classes);
  return Float64Array.from({ length: data.length / classes }, (_, row) =>
    Math.max(0, entropyOf(data, row * classes, classes) / unit),
  );
}

/**
 * Splits the entropy of the mean prediction (total). The aleatoric part is the mean entropy of the
 * predictions: each of them is unsure. The epistemic part is the rest: the predictions disagree. It
 * is the mutual information of prediction and weights (BALD). From samples it is computed as a mean
 * Kullback-Leibler divergence, and it is never negative.
 * @param samples - Probabilities `[samples, ..., classes]`, or moments of probabilities.
 * @throws NnxError when a row does not hold probabilities, for fewer than two classes, or for a
 * base that is not a finite number above 1.
 * @see Depeweg et al. 2018, https://proceedings.mlr.press/v80/depeweg18a.html; Houlsby et al. 2011,
 * https://arxiv.org/abs/1112.5745
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * // Two passes that contradict each other, on one input: all of the uncertainty is epistemic.
 * const samples = { data: [1, 0, 0, 1], shape: [2, 1, 2] };
 * nnx.entropyDecomposition(samples, { base: 2 }); // { total: [1], aleatoric: [0], epistemic: [1] }
 * ```
 */
export function entropyDecomposition(
  samples: Numbers | SampleMoments,
  options: EntropyOptions = {},
): Decomposition {
  checkOptions("entropyDecomposition", options, NAMES);
  const { base = Math.E } = options;
  if (isMoments(samples)) return fromMoments(samples, base);
  const { data, shape } = probabilitiesOf("entropyDecomposition", samples, {
    rank: 2,
    axes: "samples, ..., classes",
  });
  const classes = shape.at(-1) as number;
  const unit = unitOf("entropyDecomposition", base, classes);
  const mean = meanOfSamples({ data, shape }).data;
  const count = shape[0] as number;
  const rows = mean.length / classes;
  const result = {
    total: new Float64Array(rows),
    aleatoric: new Float64Array(rows),
    epistemic: new Float64Array(rows),
  };
  for (let row = 0; row < rows; row++) {
    let entropies = 0;
    let divergences = 0;
    for (let m = 0; m < count; m++) {
      const from = m * mean.length + row * classes;
      entropies += entropyOf(data, from, classes);
      for (let k = 0; k < classes; k++) {
        const [p, q] = [data[from + k] as number, mean[row * classes + k] as number];
        // The mean of numbers near 1e-324 may round to 0. Their terms are negligible, so skip them.
        if (p > 0 && q > 0) divergences += p * Math.log(p / q);
      }
    }
    result.total[row] = Math.max(0, entropyOf(mean, row * classes, classes) / unit);
    result.aleatoric[row] = Math.max(0, entropies / count / unit);
    result.epistemic[row] = Math.max(0, divergences / count / unit);
  }
  return result;
}

function fromMoments({ mean, expectedEntropy }: SampleMoments, base: number | "normalize"): Decomposition {
  const where = "entropyDecomposition";
  if (expectedEntropy === null) {
    throw new NnxError(
      `${where}: expected moments of probabilities, got moments of other values. Sample with { outputs: "logits" } or "probabilities".`,
    );
  }
  const total = entropy(mean, { base });
  const unit = unitOf(where, base, mean.shape.at(-1) as number);
  const aleatoric = expectedEntropy.map((nats) => nats / unit);
  return { total, aleatoric, epistemic: total.map((t, i) => Math.max(0, t - (aleatoric[i] as number))) };
}
