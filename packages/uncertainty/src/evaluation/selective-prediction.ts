/** @file How much the loss falls when a model does not answer for uncertain inputs. */
import { NnxError } from "@nnxjs/nnx-core";
import { checkOptions, describe } from "@nnxjs/nnx-core/internal";
import { listOf, type NumberList } from "../measures/table.ts";

/** How the mean loss falls as uncertain inputs are rejected. */
export interface SelectivePrediction {
  /** The shares of rejected inputs: `0, 1 / bins, ..., (bins - 1) / bins`. */
  readonly rejected: Float64Array;
  /** The mean loss of the inputs that are kept. */
  readonly loss: Float64Array;
  /**
   * The area under the curve by the trapezoidal rule, with the points spread over `[0, 1]`. Random
   * rejection gets the mean loss.
   */
  readonly area: number;
}

/** Options of {@link selectivePrediction}. */
export interface SelectiveOptions {
  /** The number of points of the curve, at least 2. @defaultValue 50 */
  bins?: number;
}

/**
 * Rejects a growing share of the most uncertain inputs, and reports the mean loss of the rest.
 * Among equally uncertain inputs it takes the expected loss of a random choice, so their order does
 * not matter.
 * @param uncertainty - One number for each input, as a list or a tensor. The highest are rejected
 * first.
 * @param losses - One number for each input, such as 0 for a right and 1 for a wrong prediction.
 * @throws NnxError when the lists have different lengths, are empty, or hold NaN.
 * @see El-Yaniv and Wiener 2010, https://jmlr.org/papers/v11/el-yaniv10a.html
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * // The uncertain input is the wrong one. Without it, no error is left.
 * nnx.selectivePrediction([0.1, 0.9], [0, 1], { bins: 2 }).loss; // [0.5, 0]
 * ```
 */
export function selectivePrediction(
  uncertainty: NumberList,
  losses: NumberList,
  options: SelectiveOptions = {},
): SelectivePrediction {
  const where = "selectivePrediction";
  checkOptions(where, options, { bins: true });
  const { bins = 50 } = options;
  if (!Number.isSafeInteger(bins) || bins < 2) {
    throw new RangeError(
      `${where}: expected at least 2 bins, got ${describe(bins)}. Leave it out for the default.`,
    );
  }
  return curveOf(listOf(where, "the uncertainties", uncertainty), listOf(where, "the losses", losses), bins);
}

function curveOf(
  uncertainty: ArrayLike<number>,
  losses: ArrayLike<number>,
  bins: number,
): SelectivePrediction {
  const count = losses.length;
  if (count === 0 || uncertainty.length !== count) {
    throw new NnxError(
      `selectivePrediction: expected as many uncertainties as losses and at least one, got ${uncertainty.length} and ${count}. Both are of the same examples.`,
    );
  }
  const order = Array.from({ length: count }, (_, i) => i);
  for (const i of order) {
    if (!Number.isNaN(uncertainty[i]) && !Number.isNaN(losses[i])) continue;
    throw new NnxError(
      `selectivePrediction: expected numbers, got NaN for input ${i}. Look for the first NaN with nnx.findNonFinite.`,
    );
  }
  order.sort((a, b) => (uncertainty[a] as number) - (uncertainty[b] as number));
  // sums[k] is the expected sum of losses of the k most certain inputs.
  const sums = new Float64Array(count + 1);
  for (let from = 0, to = 0; from < count; from = to) {
    let sum = 0;
    for (; to < count && uncertainty[order[to] as number] === uncertainty[order[from] as number]; to++) {
      sum += losses[order[to] as number] as number;
    }
    const each = sum / (to - from);
    for (let k = from; k < to; k++) sums[k + 1] = (sums[from] as number) + each * (k + 1 - from);
  }
  const rejected = Float64Array.from({ length: bins }, (_, i) => i / bins);
  const loss = rejected.map((_, i) => {
    const left = count - Math.floor((i * count) / bins);
    return (sums[left] as number) / left;
  });
  let area = 0;
  for (let i = 1; i < bins; i++) area += ((loss[i - 1] as number) + (loss[i] as number)) / 2 / (bins - 1);
  return { rejected, loss, area };
}
