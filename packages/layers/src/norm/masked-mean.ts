/** @file Means of the elements that a mask selects. */
import { broadcastTo, cast, div, scalar, sum, type Tensor, where } from "@nnxjs/kernels/internal";

/**
 * The mean over `axes` of the elements where the mask is true. The axes stay, with size 1.
 * @param mask - Bool or 0/1, broadcastable to x.
 * @see `jax.numpy.mean` with `where`
 */
export function maskedMean(x: Tensor, axes: number[], mask: Tensor): Tensor {
  const counts = broadcastTo(cast(mask, "bool"), x.shape);
  const total = sum(where(counts, x, scalar(0)), axes, true);
  return div(total, sum(cast(counts, "float32"), axes, true));
}
