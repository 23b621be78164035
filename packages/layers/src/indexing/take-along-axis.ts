/** @file Takes elements by their positions along an axis. */
import { NnxError, registerFunction } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import { normalizeAxis } from "../axes.ts";
import {
  add,
  broadcastTo,
  gatherAt,
  greaterEqual,
  less,
  logicalAnd,
  mul,
  reshape,
  scalar,
  sizeOf,
  type Tensor,
  tensorOf,
  where,
} from "@nnxjs/kernels/internal";

const WHERE = "takeAlongAxis";

/** The values for positions out of range, by dtype. */
const MISSING = { float32: Number.NaN, int32: -(2 ** 31), bool: 1 } as const;

const isFillable = (dtype: string): dtype is keyof typeof MISSING => dtype in MISSING;

/** The shape of the result. Sizes of 1 are repeated. @throws NnxError when other sizes differ. */
function resultShape(x: Tensor, indices: Tensor, along: number): number[] {
  const fits =
    x.rank === indices.rank &&
    x.shape.every((n, axis) => {
      const m = indices.shape[axis] as number;
      return axis === along || n === m || n === 1 || m === 1;
    });
  if (fits) {
    return indices.shape.map((m, axis) => (axis === along || m !== 1 ? m : (x.shape[axis] as number)));
  }
  throw new NnxError(
    `${WHERE}: expected indices with the axes of x, of equal sizes or 1 but for axis ${along}, got ${describe(indices)} for ${describe(x)}. ` +
      "Reshape the indices, or use tf.gather for whole slices.",
  );
}

/** For each element of the result, the start in x of its line along the axis. */
function lineStarts(shape: readonly number[], from: readonly number[], along: number): number[] {
  let starts = [0];
  let stride = sizeOf(from);
  shape.forEach((size, axis) => {
    const own = from[axis] as number;
    stride = own === 0 ? 0 : stride / own;
    const step = axis === along || own === 1 ? 0 : stride;
    starts = starts.flatMap((start) => Array.from({ length: size }, (_, i) => start + i * step));
  });
  return starts;
}

/**
 * `x[..., indices[..., i, ...], ...]`: for each position in `indices`, the element of x at that
 * position along `axis`, and at the same place along the other axes. Negative positions count from
 * the end. A position out of range gives NaN (int32: the smallest integer, bool: true), and its
 * gradient is dropped.
 * @param x - Any shape.
 * @param indices - int32, with the rank of x. Along axes other than `axis`, sizes are equal, or 1
 * and repeated.
 * @param axis - `null` takes x as one row; `indices` then has one axis. @defaultValue -1
 * @returns the shape of `indices`. Axes of size 1 are repeated to the size of x.
 * @throws NnxError when shapes or the dtype do not fit.
 * @see `jax.numpy.take_along_axis`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const logits = tf.tensor2d([[1, 2, 3], [4, 5, 6]]);
 * const labels = tf.tensor2d([[2], [0]], [2, 1], "int32");
 * nnx.takeAlongAxis(logits, labels, 1).dataSync(); // [3, 4]
 * ```
 */
export function takeAlongAxis(x: Tensor, indices: Tensor, axis: number | null = -1): Tensor {
  checkTensor(WHERE, "x", x);
  checkTensor(WHERE, "indices", indices);
  if (indices.dtype !== "int32" || !isFillable(x.dtype)) {
    throw new NnxError(
      `${WHERE}: expected int32 indices and numbers or bools to take, got ${describe(indices)} and ${describe(x)}. Cast the indices: tf.cast(indices, "int32").`,
    );
  }
  if (axis === null) return takeAlongAxis(reshape(x, [x.size]), indices, 0);
  const along = normalizeAxis(WHERE, axis, x.rank);
  const shape = resultShape(x, indices, along);
  const missing = tensorOf([MISSING[x.dtype]], [], x.dtype);
  if (x.size === 0 || sizeOf(shape) === 0) return broadcastTo(missing, shape);
  const integer = (value: number): Tensor => scalar(value, "int32");
  const size = x.shape[along] as number;
  const stride = sizeOf(x.shape.slice(along + 1));
  const fromStart = where(less(indices, integer(0)), add(indices, integer(size)), indices);
  const isThere = logicalAnd(greaterEqual(fromStart, integer(0)), less(fromStart, integer(size)));
  const inside = where(isThere, fromStart, integer(0));
  const starts = tensorOf(lineStarts(shape, x.shape, along), shape, "int32");
  const positions = add(starts, mul(inside, integer(stride)));
  const taken = reshape(gatherAt(reshape(x, [x.size]), reshape(positions, [sizeOf(shape)])), shape);
  return where(isThere, taken, missing);
}

registerFunction("takeAlongAxis", takeAlongAxis);
