/** @file Norms of tensors, with a least one. */
import { greaterEqual, mean, sqrt, square, sum, type Tensor, where } from "@nnxjs/kernels/internal";

/** The root of a scalar, or `least` where it is not above that; the gradient there is 0. */
function rootAtLeast(x: Tensor, least: number): Tensor {
  const isSmall = greaterEqual(least, sqrt(x));
  return where(isSmall, least, sqrt(where(isSmall, 1, x)));
}

/** The norm of a tensor, and `least` at least. @see `optax.safe_norm` */
export const safeNorm = (x: Tensor, least: number): Tensor => rootAtLeast(sum(square(x)), least);

/** The root mean square of a tensor, and `least` at least. @see `optax.safe_root_mean_squares` */
export const safeRms = (x: Tensor, least: number): Tensor => rootAtLeast(mean(square(x)), least);
