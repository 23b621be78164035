/** @file Norms of tensors and of trees. */
import { addN, greaterEqual, mean, sqrt, square, sum, type Tensor, where } from "@nnxjs/kernels/internal";
import { leavesOf, type Tree } from "../tree/tree.ts";

/** The norm of all tensors together; nothing where there are none. */
export function norm(tree: Tree): Tensor | undefined {
  const squares = leavesOf(tree).map((x) => sum(square(x)));
  return squares.length === 0 ? undefined : sqrt(addN(squares));
}

/** The root of a scalar, or `least` where it is not above that; the gradient there is 0. */
function rootAtLeast(x: Tensor, least: number): Tensor {
  const isSmall = greaterEqual(least, sqrt(x));
  return where(isSmall, least, sqrt(where(isSmall, 1, x)));
}

/** The norm of a tensor, and `least` at least. @see `optax.safe_norm` */
export const safeNorm = (x: Tensor, least: number): Tensor => rootAtLeast(sum(square(x)), least);

/** The root mean square of a tensor, and `least` at least. @see `optax.safe_root_mean_squares` */
export const safeRms = (x: Tensor, least: number): Tensor => rootAtLeast(mean(square(x)), least);
