/** @file Replaces a part of a tensor. */
import { NnxError, registerFunction } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import {
  add,
  cast,
  gatherAt,
  greaterEqual,
  isTensor,
  less,
  logicalAnd,
  maximum,
  minimum,
  reshape,
  scalar,
  sub,
  type Tensor,
  tensorOf,
  unstack,
  where,
} from "@nnxjs/kernels/internal";

const WHERE = "dynamicUpdateSlice";

const integer = (value: number): Tensor => scalar(value, "int32");

/**
 * The start of the update along one axis, int32 `[1]`. A negative start counts from the end. The
 * result is clamped so that the update fits.
 */
function startOf(start: number | Tensor, size: number, taken: number): Tensor {
  if (!isTensor(start)) {
    const fromStart = start < 0 ? start + size : start;
    return tensorOf([Math.min(Math.max(fromStart, 0), size - taken)], [1], "int32");
  }
  const given = reshape(start, [1]);
  const fromStart = where(less(given, integer(0)), add(given, integer(size)), given);
  return minimum(maximum(fromStart, integer(0)), integer(size - taken));
}

function checkStarts(x: Tensor, starts: Tensor | readonly (number | Tensor)[]): readonly (number | Tensor)[] {
  const list = isTensor(starts) ? (starts.rank === 1 ? unstack(starts) : []) : starts;
  const fits =
    Array.isArray(list) &&
    list.length === x.rank &&
    list.every((start) =>
      isTensor(start) ? start.dtype === "int32" && start.size === 1 : Number.isInteger(start),
    );
  if (fits) return list;
  throw new NnxError(
    `${WHERE}: expected an integer for each of the ${x.rank} axes of x, as numbers, int32 scalars or one int32 tensor, got ${describe(starts)}. Count from 0 along each axis.`,
  );
}

/**
 * x with `update` in place of the part that begins at `startIndices`. A negative start counts from
 * the end. Starts are clamped so that the update fits. No tensor is read back, so starts may be
 * tensors that were computed.
 * @param x - Any shape.
 * @param update - A tensor with the rank and dtype of x, not longer along any axis.
 * @param startIndices - One integer for each axis.
 * @returns the shape of x.
 * @throws NnxError when shapes, dtypes or starts do not fit.
 * @see `jax.lax.dynamic_update_slice`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const cache = tf.zeros([4, 2]);
 * nnx.dynamicUpdateSlice(cache, tf.ones([1, 2]), [2, 0]).dataSync(); // [0, 0, 0, 0, 1, 1, 0, 0]
 * ```
 */
export function dynamicUpdateSlice<T extends Tensor>(
  x: T,
  update: Tensor,
  startIndices: Tensor | readonly (number | Tensor)[],
): T {
  checkTensor(WHERE, "x", x);
  checkTensor(WHERE, "update", update);
  const fits = update.rank === x.rank && update.shape.every((n, axis) => n <= (x.shape[axis] as number));
  if (!fits || update.dtype !== x.dtype) {
    throw new NnxError(
      `${WHERE}: expected an update of ${x.rank} axes, none longer than those of x, and of its dtype, got ${describe(update)} for ${describe(x)}. Reshape or cast the update.`,
    );
  }
  const starts = checkStarts(x, startIndices);
  // wasm's `where` handles words of four bytes, but booleans have one byte.
  if (x.dtype === "bool")
    return cast<T>(dynamicUpdateSlice(cast<T>(x, "int32"), cast(update, "int32"), starts), "bool");
  if (update.size === 0) return reshape(x, x.shape) as T;
  let spread = update;
  let inside: Tensor | null = null;
  for (const [axis, taken] of update.shape.entries()) {
    const size = x.shape[axis] as number;
    if (taken === size) continue;
    const positions = tensorOf(
      Array.from({ length: size }, (_, i) => i),
      [size],
      "int32",
    );
    const within = sub(positions, startOf(starts[axis] as number | Tensor, size, taken));
    const isWithin = logicalAnd(greaterEqual(within, integer(0)), less(within, integer(taken)));
    spread = gatherAt(spread, minimum(maximum(within, integer(0)), integer(taken - 1)), axis);
    const along = reshape(
      isWithin,
      x.shape.map((_, i) => (i === axis ? size : 1)),
    );
    inside = inside ? logicalAnd(inside, along) : along;
  }
  // The shape is that of x, so the type T still holds.
  return (inside ? where(inside, spread, x) : reshape(update, x.shape)) as T;
}

registerFunction("dynamicUpdateSlice", dynamicUpdateSlice);
