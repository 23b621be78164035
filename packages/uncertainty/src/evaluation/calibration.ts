/**
 * @file Calibration: whether predictions made with 80 % confidence are right in 80 % of the cases.
 */
import { NnxError } from "@nnxjs/nnx-core";
import { checkOptions, describe } from "@nnxjs/nnx-core/internal";
import { listOf, type NumberList, type Numbers, probabilitiesOf } from "../measures/table.ts";
import { argmaxOf } from "../measures/zero-one.ts";

const NAMES = { bins: true } as const;

/** The predictions whose confidence lies in one interval. */
export interface ReliabilityBin {
  /** The lower bound, inclusive. */
  readonly from: number;
  /** The upper bound, exclusive except in the last bin. */
  readonly to: number;
  readonly count: number;
  /** Mean of the largest probabilities; NaN in an empty bin. */
  readonly confidence: number;
  /** The share of right predictions; NaN in an empty bin. */
  readonly accuracy: number;
}

/** Options of {@link reliabilityBins} and {@link expectedCalibrationError}. */
export interface CalibrationOptions {
  /** The number of intervals of equal width over `[0, 1]`. @defaultValue 15 */
  bins?: number;
}

/**
 * Sorts predictions into intervals by their largest probability, and reports how often each
 * interval is right. These are the numbers of a reliability diagram.
 * @param probabilities - `[rows, classes]`
 * @param labels - The right class of each row, a list or a tensor.
 * @throws NnxError when a row does not hold probabilities, or a label is not a class.
 * @see Guo et al. 2017, https://proceedings.mlr.press/v70/guo17a.html
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const probabilities = { data: [0.75, 0.25, 0.75, 0.25], shape: [2, 2] };
 * const bins = nnx.reliabilityBins(probabilities, [0, 1]).filter(({ count }) => count > 0);
 * bins.map(({ count, confidence, accuracy }) => [count, confidence, accuracy]); // => [[2, 0.75, 0.5]]
 * ```
 */
export function reliabilityBins(
  probabilities: Numbers,
  labels: NumberList,
  options: CalibrationOptions = {},
): ReliabilityBin[] {
  return binsOf("reliabilityBins", probabilities, labels, options);
}

function binsOf(
  where: string,
  probabilities: Numbers,
  labelList: NumberList,
  options: CalibrationOptions,
): ReliabilityBin[] {
  checkOptions(where, options, NAMES);
  const { bins = 15 } = options;
  if (!Number.isSafeInteger(bins) || bins < 1) {
    throw new RangeError(
      `${where}: expected a positive number of bins, got ${describe(bins)}. Leave it out for the default.`,
    );
  }
  const { data, shape } = probabilitiesOf(where, probabilities, { rank: 2, axes: "rows, classes" });
  const labels = listOf(where, "the labels", labelList);
  const classes = shape.at(-1) as number;
  const rows = data.length / classes;
  if (labels.length !== rows) {
    throw new NnxError(
      `${where}: expected one label for each of ${rows} rows, got ${labels.length}. Labels and probabilities are of the same examples.`,
    );
  }
  const counts = new Float64Array(bins);
  const confidences = new Float64Array(bins);
  const right = new Float64Array(bins);
  for (let row = 0; row < rows; row++) {
    const label = labels[row] as number;
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new NnxError(
        `${where}: expected labels from 0 to ${classes - 1}, got ${label} for row ${row}. There is a column for each class.`,
      );
    }
    const guess = argmaxOf(data, row * classes, classes);
    const confidence = data[row * classes + guess] as number;
    const bin = binFor(confidence, bins);
    counts[bin] = (counts[bin] as number) + 1;
    confidences[bin] = (confidences[bin] as number) + confidence;
    right[bin] = (right[bin] as number) + (guess === label ? 1 : 0);
  }
  return Array.from(counts, (count, bin) => ({
    from: bin / bins,
    to: (bin + 1) / bins,
    count,
    confidence: (confidences[bin] as number) / count,
    accuracy: (right[bin] as number) / count,
  }));
}

/**
 * The interval `[bin / bins, (bin + 1) / bins)` that contains the number. `confidence * bins` may
 * round to a neighbouring one, so check the bounds.
 */
function binFor(confidence: number, bins: number): number {
  const near = Math.min(Math.floor(confidence * bins), bins - 1);
  if (confidence < near / bins) return near - 1;
  return near + 1 < bins && confidence >= (near + 1) / bins ? near + 1 : near;
}

/**
 * The mean difference between confidence and accuracy over the bins, weighted by the number of
 * predictions in each.
 * @param probabilities - `[rows, classes]`
 * @param labels - The right class of each row, a list or a tensor.
 * @throws NnxError as {@link reliabilityBins} does.
 * @see Guo et al. 2017, https://proceedings.mlr.press/v70/guo17a.html
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const probabilities = { data: [0.75, 0.25, 0.75, 0.25], shape: [2, 2] };
 * nnx.expectedCalibrationError(probabilities, [0, 1]); // => 0.25
 * ```
 */
export function expectedCalibrationError(
  probabilities: Numbers,
  labels: NumberList,
  options: CalibrationOptions = {},
): number {
  const bins = binsOf("expectedCalibrationError", probabilities, labels, options).filter(
    ({ count }) => count > 0,
  );
  const all = bins.reduce((sum, { count }) => sum + count, 0);
  return bins.reduce((sum, bin) => sum + (bin.count / all) * Math.abs(bin.confidence - bin.accuracy), 0);
}
