/** @file Matrix products in the form that each backend is quick at. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { hasKnownKernels, hasScalarProducts } from "../backends.ts";
import { sameShape, sizeOf } from "../shape.ts";
import { hasProducts } from "../wasm/product.ts";
import { broadcast } from "./broadcasting.ts";

/** Exchanges the last two axes. */
function swap(x: Tensor): Tensor {
  const order = x.shape.map((_, axis) => axis);
  order.splice(-2, 2, x.rank - 1, x.rank - 2);
  return tf.transpose(x, order);
}

const batch = (x: Tensor): number[] => x.shape.slice(0, -2);

/**
 * Multiply-adds per matrix from which one call for each matrix is quicker than a scalar loop over
 * the batch.
 */
const worthSplitting = 30_000;

/**
 * `a @ b`. Where the backend has a scalar loop for batches, large products are split into one call
 * for each matrix.
 */
function plain(a: Tensor, b: Tensor): Tensor {
  const [m, k] = a.shape.slice(-2) as [number, number];
  const n = b.shape.at(-1)!;
  // Kernels return uninitialised memory for sums over no elements.
  if (k === 0) return tf.zeros([...tf.backend_util.assertAndGetBroadcastShape(batch(a), batch(b)), m, n]);
  if (a.rank === 2 && b.rank === 2) return tf.matMul(a, b);
  if (b.rank === 2) {
    const rows = tf.reshape(a, [sizeOf(batch(a)) * m, k]);
    return tf.reshape(tf.matMul(rows, b), [...batch(a), m, n]);
  }
  const shared = tf.backend_util.assertAndGetBroadcastShape(batch(a), batch(b));
  const count = sizeOf(shared);
  // The kernels broadcast only a batch of size 1.
  const spread = (x: Tensor): Tensor => {
    const own = sizeOf(batch(x));
    return own === count || own === 1 ? x : broadcast(x, [...shared, ...x.shape.slice(-2)]);
  };
  if (hasScalarProducts() && (count === 1 || m * k * n >= worthSplitting) && count > 0) {
    if (sizeOf(batch(a)) === count && sizeOf(batch(b)) === count) {
      const as = tf.unstack(tf.reshape(a, [count, m, k]));
      const bs = tf.unstack(tf.reshape(b, [count, k, n]));
      const products = as.map((x, i) => tf.matMul(x, bs[i]!));
      return tf.reshape(products.length === 1 ? products[0]! : tf.stack(products), [...shared, m, n]);
    }
  }
  return tf.reshape(tf.matMul(spread(a), spread(b)), [...shared, m, n]);
}

/**
 * `op(a) @ op(b)` with broadcast batches. Our kernel takes operands as they are. Without it, and
 * where the kernel has a scalar loop for transposed operands, they are transposed first.
 * @param a - `[..., M, K]`, or `[..., K, M]` with `transposeA`.
 * @param b - `[..., K, N]`, or `[..., N, K]` with `transposeB`.
 * @returns `[..., M, N]`, float32.
 */
export function product(a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
  const isFloat = a.dtype === "float32" && b.dtype === "float32";
  if (hasKnownKernels() && isFloat && hasProducts(tf.backend()))
    return tf.matMul(a, b, transposeA, transposeB);
  if (!hasScalarProducts()) {
    const together = (a.rank === 2 && b.rank === 2) || sameShape(batch(a), batch(b));
    if ((transposeA || transposeB) && together) return tf.matMul(a, b, transposeA, transposeB);
    return plain(transposeA ? swap(a) : a, transposeB ? swap(b) : b);
  }
  const left = transposeA ? swap(a) : a;
  if (!transposeB) return plain(left, b);
  const isPlain = a.rank === 2 && b.rank === 2;
  // Compute (b @ aᵀ)ᵀ instead of a @ bᵀ when a and the result together are smaller than b, as for
  // the input gradient of a dense layer.
  if (isPlain && !transposeA && a.size + a.shape[0] * b.shape[0] < b.size) return swap(tf.matMul(b, swap(a)));
  return plain(left, swap(b));
}
