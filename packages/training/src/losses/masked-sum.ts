/** @file Sums of what counts. */
import { broadcastTo, cast, scalar, sum, type Tensor, where as select } from "@nnxjs/kernels/internal";
import { checkBroadcast } from "@nnxjs/layers/internal";

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
