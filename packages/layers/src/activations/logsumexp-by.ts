/** @file The logarithm of a sum of exponentials, by a kernel or by ops. */
import {
  less,
  presentLogSumExpOf,
  reshape,
  scalar,
  type Tensor,
  where as select,
} from "@nnxjs/kernels/internal";
import { normalizeAxes } from "../axes.ts";
import { checkGiven } from "../options.ts";
import { LOGSUMEXP, type LogsumexpOptions, logsumexpWithSign } from "./logsumexp-with-sign.ts";
import { checkMasked, lengthOfRows, masked } from "./masked-rows.ts";

/**
 * `logsumexp` by a kernel, if there is one.
 * @param kernel - By default the one that a program has which uses `logsumexp` itself.
 */
export function logsumexpBy(
  x: Tensor,
  options: LogsumexpOptions,
  kernel: typeof presentLogSumExpOf = presentLogSumExpOf,
): Tensor {
  checkGiven("logsumexp", options, LOGSUMEXP);
  const quick = options.b ? undefined : ofRows(x, kernel, options);
  if (quick) return quick;
  const [size, sign] = logsumexpWithSign(x, options);
  return options.b ? select(less(sign, 0), scalar(Number.NaN), size) : size;
}

/** Without factors, along the last axes, where one kernel has it. */
function ofRows(
  x: Tensor,
  kernel: typeof presentLogSumExpOf,
  { axis = null, keepDims = false, where = null }: LogsumexpOptions,
): Tensor | undefined {
  const values = checkMasked("logsumexp", x, where);
  const { shape, rank } = values;
  const axes = normalizeAxes("logsumexp", axis ?? shape.map((_, i) => i), rank);
  const length = lengthOfRows(shape, axes);
  const sums = length === undefined ? undefined : kernel(masked(values, where), length);
  const kept = shape.slice(0, rank - axes.length);
  return sums && reshape(sums, keepDims ? [...kept, ...axes.map(() => 1)] : kept);
}
