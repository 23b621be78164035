/** @file One-hot rows. */
import { NnxError, registerFunction } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import { cast, oneHotRows, reshape, type Tensor, transpose } from "@nnxjs/kernels/internal";
import { normalizeAxis } from "../axes.ts";
import { checkGiven, integer, oneOf, type OptionChecks } from "../options.ts";

/** Options of {@link oneHot}. */
export interface OneHotOptions {
  /** @defaultValue "float32" */
  dtype?: "float32" | "int32" | "bool";
  /** The axis of the classes in the result. @defaultValue -1 */
  axis?: number;
}

const ONE_HOT: OptionChecks<OneHotOptions> = { dtype: oneOf("float32", "int32", "bool"), axis: integer };

/**
 * 1 at the class of each id and 0 elsewhere. An id outside `[0, numClasses)` gives zeros.
 * @param x - int32, any shape.
 * @returns the shape of x with `numClasses` inserted at `axis`.
 * @throws NnxError when the ids are not int32.
 * @see `jax.nn.one_hot`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.oneHot(tf.tensor1d([0, 2], "int32"), 3).shape; // => [2, 3]
 * ```
 */
export function oneHot(x: Tensor, numClasses: number, options?: OneHotOptions): Tensor {
  checkTensor("oneHot", "x", x);
  if (!Number.isInteger(numClasses) || numClasses < 0) {
    throw new NnxError(
      `oneHot: expected numClasses to be an integer from 0, got ${describe(numClasses)}. It is how many classes there are.`,
    );
  }
  checkGiven("oneHot", options, ONE_HOT);
  const { dtype = "float32", axis = -1 } = options ?? {};
  if (x.dtype !== "int32") {
    throw new NnxError(
      `oneHot: expected int32 ids, got ${describe(x)}. Make them with tf.tensor1d(ids, "int32"), or cast.`,
    );
  }
  const rows = cast(reshape(oneHotRows(reshape(x, [-1]), numClasses), [...x.shape, numClasses]), dtype);
  const at = normalizeAxis("oneHot", axis, x.rank + 1);
  if (at === x.rank) return rows;
  const order = Array.from({ length: x.rank }, (_, i) => i);
  order.splice(at, 0, x.rank);
  return transpose(rows, order);
}

registerFunction("oneHot", oneHot);
