/** @file Sums of what counts. */
import { broadcastTo, cast, scalar, sum, type Tensor, where as select } from "@nnxjs/kernels/internal";
import type { Axes } from "@nnxjs/layers";
import { axisListOrNull, checkBroadcast, type OptionChecks, orNull } from "@nnxjs/layers/internal";
import { checkTensor } from "@nnxjs/nnx-core/internal";

/** Along which axes losses sum, and which elements count. */
export interface ReductionOptions {
  /** One axis, several, or `null` for all. @defaultValue -1 */
  axis?: Axes | null;
  /** Bool, broadcastable to what is summed: where it is false, elements do not count. @defaultValue all */
  where?: Tensor | null;
}

export const REDUCTION: OptionChecks<ReductionOptions> = {
  axis: axisListOrNull,
  where: orNull(checkTensor),
};

/** `x` with zeros where the mask is false: neither NaN nor its gradient comes through. */
export const maskedOut = (x: Tensor, mask: Tensor): Tensor =>
  select(broadcastTo(cast(mask, "bool"), x.shape), x, scalar(0));

/**
 * The sum over axes of the elements that count.
 * @param axes - From the start.
 * @param mask - Bool, broadcastable to x; `null`: all count.
 * @throws NnxError for a mask that does not broadcast.
 */
export function maskedSum(
  where: string,
  x: Tensor,
  axes: readonly number[],
  mask: Tensor | null,
  keepDims = false,
): Tensor {
  if (mask) checkBroadcast(where, "where", mask, x.shape);
  const counted = mask ? maskedOut(x, mask) : x;
  // tensorflow.js takes no axes for all axes.
  return axes.length === 0 ? counted : sum(counted, [...axes], keepDims);
}
