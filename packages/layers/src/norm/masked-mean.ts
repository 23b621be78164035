/** @file Means over part of the elements. */
import { broadcastTo, cast, div, scalar, sum, type Tensor, where } from "@nnxjs/kernels/internal";

/**
 * The mean over `axes`, which stay with size 1, of the elements where the mask is true.
 * @param mask - Bool or 0/1, broadcastable to x.
 * @see `jax.numpy.mean` with `where`
 */
export function maskedMean(x: Tensor, axes: number[], mask: Tensor): Tensor {
  const counts = broadcastTo(cast(mask, "bool"), x.shape);
  const total = sum(where(counts, x, scalar(0)), axes, true);
  return div(total, sum(cast(counts, "float32"), axes, true));
}
