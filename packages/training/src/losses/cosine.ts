/** @file The angle between vectors. */
import { registerFunction } from "@nnxjs/nnx-core";
import {
  broadcastTo,
  div,
  maximum,
  mul,
  type Operand,
  sqrt,
  square,
  sub,
  type Tensor,
} from "@nnxjs/kernels/internal";
import type { Axes } from "@nnxjs/layers";
import {
  axisListOrNull,
  checkBroadcast,
  checkGiven,
  type OptionChecks,
  orNull,
} from "@nnxjs/layers/internal";
import { checkTensor } from "@nnxjs/nnx-core/internal";
import { axesFrom, broadcastShape, checkFloats, numeric } from "./arguments.ts";
import { maskedSum } from "./masked-sum.ts";

/** Options of {@link cosineSimilarity} and {@link cosineDistance}. */
export interface CosineOptions {
  /**
   * The least that a sum of squares counts for. With 0, vectors of zeros give NaN.
   * @defaultValue 0
   */
  epsilon?: Operand;
  /** Along which axes the vectors lie; `null`: all. @defaultValue -1 */
  axis?: Axes | null;
  /** Bool, broadcastable to both: elements where it is false do not count. @defaultValue all */
  where?: Tensor | null;
}

const COSINE: OptionChecks<CosineOptions> = {
  epsilon: numeric,
  axis: axisListOrNull,
  where: orNull(checkTensor),
};

const WITH_MASK = ["vectors", "where"] as const;

/**
 * The cosine of the angle between predictions and targets along `axis`.
 * @param predictions - `[..., dim]`, float32.
 * @param targets - Broadcast with predictions, float32.
 * @returns `[...]`, from -1 to 1; NaN for vectors of zeros, unless `epsilon` is above 0.
 * @throws NnxError when shapes do not fit, or dtypes are not float32.
 * @see `optax.cosine_similarity`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.cosineSimilarity(tf.ones([2, 3]), tf.ones([2, 3])).shape; // => [2]
 * ```
 */
export function cosineSimilarity(predictions: Tensor, targets: Tensor, options: CosineOptions = {}): Tensor {
  return similarity("cosineSimilarity", predictions, targets, options);
}

/**
 * `1 - cosineSimilarity(predictions, targets)`.
 * @param predictions - `[..., dim]`, float32.
 * @param targets - Broadcast with predictions, float32.
 * @returns `[...]`, from 0 to 2.
 * @throws NnxError when shapes do not fit, or dtypes are not float32.
 * @see `optax.cosine_distance`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.cosineDistance(tf.ones([2, 3]), tf.ones([2, 3])).shape; // => [2]
 * ```
 */
export function cosineDistance(predictions: Tensor, targets: Tensor, options: CosineOptions = {}): Tensor {
  return sub(1, similarity("cosineDistance", predictions, targets, options));
}

function similarity(where: string, a: Tensor, b: Tensor, options: CosineOptions): Tensor {
  checkFloats(where, "predictions", a);
  checkFloats(where, "targets", b);
  checkGiven(where, options, COSINE);
  const { epsilon = 0, axis = -1, where: mask = null } = options;
  const shape = broadcastShape(where, ["predictions", "targets"], a, b);
  if (mask) checkBroadcast(where, "where", mask, shape);
  const unit = (x: Tensor): Tensor => {
    // The mask may be of the axes that only the other one has.
    const wide = mask && mask.rank <= x.rank ? broadcastTo(x, broadcastShape(where, WITH_MASK, x, mask)) : x;
    const squares = maskedSum(where, square(wide), axesFrom(where, axis, x.rank), mask, true);
    return div(x, sqrt(maximum(squares, epsilon)));
  };
  return maskedSum(where, mul(unit(a), unit(b)), axesFrom(where, axis, shape.length), mask);
}

registerFunction("cosineSimilarity", cosineSimilarity);
registerFunction("cosineDistance", cosineDistance);
