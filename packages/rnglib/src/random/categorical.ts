/** @file Draws from a table of log probabilities. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { add, cast, isAwaited, isTensor, largestOf, reshape, tidy, transpose } from "@nnxjs/kernels/internal";
import type { PRNGKey } from "../keys/index.ts";
import { formatShape, type Shape, sizeOf } from "../keys/shape.ts";
import { checkOptions, checkTensor } from "@nnxjs/nnx-core/internal";
import { gumbelFill, type GumbelMode } from "./gumbel.ts";
import {
  drawByValues,
  drawFloat32,
  drawInt32,
  expand,
  isNumeric,
  isUnread,
  type Parameter,
  sampleShape,
  valuesOf,
} from "./kernel.ts";
import { axisOf, lanesOf } from "./lanes.ts";
import { checkEnough } from "./permutation.ts";
import type { AxesOfParameter, DrawnOr, MaybeShape, WithoutOne } from "./ranks.ts";
import { largest } from "./scan.ts";

const NAMES = { axis: true, shape: true, replace: true, mode: true } as const;

/** Options of {@link categorical}. */
export interface CategoricalOptions {
  /** The axis of the categories. @defaultValue -1 */
  axis?: number;
  /**
   * The shape of the sample. The shape of the logits without the axis must broadcast to it.
   * @defaultValue the shape of the logits without the axis
   */
  shape?: Shape;
  /**
   * Whether the same category may be drawn again along the leading axes of `shape`.
   * @defaultValue true
   */
  replace?: boolean;
  /** The bits of the noise, see `gumbel`. @defaultValue "low" */
  mode?: GumbelMode;
}

/**
 * Categories drawn with probability `softmax(logits)`, equal to JAX's.
 * @param logits - Logarithms of probabilities, up to a constant; at least 1 axis.
 * @returns int32 of shape `[...key.shape, ...shape]`.
 * @throws RangeError for an axis out of range, a shape that does not fit, no categories to draw
 * from, or more draws without replacement than categories.
 * @see `jax.random.categorical`: the largest of logits plus Gumbel noise
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.random.categorical(nnx.random.key(0), tf.zeros([4, 3])).shape; // => [4]
 * ```
 */
export function categorical<K extends PRNGKey, P extends Parameter, const S extends MaybeShape = undefined>(
  key: K,
  logits: P,
  options: CategoricalOptions & { readonly shape?: S } = {},
): DrawnOr<K, S, WithoutOne<AxesOfParameter<P>>> {
  checkOptions<CategoricalOptions>("categorical", options, NAMES);
  const { axis = -1, shape, replace = true, mode = "low" }: CategoricalOptions = options;
  const isByOps = isTensor(logits) && isNumeric(logits) && isAwaited(logits);
  const unread = isByOps || isUnread(logits);
  if (unread) checkTensor("categorical", "the parameter", logits);
  const table = unread ? undefined : valuesOf("categorical", logits);
  const tableShape: readonly number[] = table ? table.shape : (logits as Tensor).shape;
  const at = axisOf("categorical", axis, tableShape);
  const batch = tableShape.filter((_, i) => i !== at);
  const dimensions = sampleShape("categorical", shape, { shape: batch });
  if (replace && tableShape[at] === 0) {
    throw new RangeError(
      `categorical: expected at least 1 category, got logits of shape ${formatShape(tableShape)}. Give a logit to each category.`,
    );
  }
  const noise = gumbelFill(mode);
  const fillOf = (replace ? withReplacement : withoutReplacement)(tableShape, at, dimensions, noise);
  if (isByOps) return drawOnGpu(key, logits, at, dimensions, replace, noise);
  return table
    ? drawInt32("categorical", key, dimensions, fillOf(table.data))
    : drawByValues("categorical", key, dimensions, logits as Tensor, fillOf);
}

/** Draws one row for each key, by the values of the logits. */
type FillOf = (data: Float32Array) => (single: PRNGKey, out: Int32Array) => void;

type Noise = (key: PRNGKey, out: Float32Array) => void;

function withReplacement(
  shape: readonly number[],
  axis: number,
  dimensions: readonly number[],
  noise: Noise,
): FillOf {
  const prefix = dimensions.slice(0, dimensions.length - shape.length + 1);
  const batch = dimensions.slice(prefix.length);
  const full = [...batch.slice(0, axis), shape[axis]!, ...batch.slice(axis)];
  const { before, length, after } = lanesOf(full, axis);
  const repeats = sizeOf(prefix);
  return (data) => (single, out) => {
    const scores = expand({ shape, data }, full);
    const g = new Float32Array(repeats * scores.length);
    noise(single, g);
    let at = 0;
    for (let block = 0; block < repeats * before; block++) {
      const b = block % before;
      for (let a = 0; a < after; a++) {
        let best = 0;
        let top = Number.NEGATIVE_INFINITY;
        for (let i = 0; i < length; i++) {
          const score = Math.fround(
            g[(block * length + i) * after + a]! + scores[(b * length + i) * after + a]!,
          );
          if (!(score > top) && !Number.isNaN(score)) continue;
          best = i;
          top = score;
          if (Number.isNaN(score)) break;
        }
        out[at++] = best;
      }
    }
  };
}

/** The same by ops, on a GPU. Only the noise comes from the processor. */
function drawOnGpu<T extends Tensor>(
  keys: PRNGKey,
  logits: Tensor,
  axis: number,
  dimensions: readonly number[],
  replace: boolean,
  noise: Noise,
): T {
  const { shape } = logits;
  const length = shape[axis]!;
  const prefix = dimensions.slice(0, dimensions.length - shape.length + 1);
  const batch = dimensions.slice(prefix.length);
  const full = [...batch.slice(0, axis), length, ...batch.slice(axis)];
  if (keys.size * sizeOf(dimensions) === 0) return drawInt32("categorical", keys, dimensions, () => {});
  // Of the keys and, with replacement, of the leading axes.
  const repeats = replace ? [...keys.shape, ...prefix] : keys.shape;
  return tidy(() => {
    const { before, after } = lanesOf(full, axis);
    const drawn = drawFloat32("categorical", keys, replace ? [...prefix, ...full] : full, noise);
    const scores = reshape(add(drawn, cast(logits, "float32")), [sizeOf(repeats) * before, length, after]);
    const rows = reshape(transpose(scores, [0, 2, 1]), [-1, length]);
    if (replace) return reshape(largestOf(rows, 1), [...keys.shape, ...dimensions]) as T;
    const found = largestOf(rows, sizeOf(prefix));
    const draws = transpose(reshape(found, [keys.size, before * after, sizeOf(prefix)]), [0, 2, 1]);
    return reshape(draws, [...keys.shape, ...dimensions]) as T;
  });
}

function withoutReplacement(
  shape: readonly number[],
  axis: number,
  dimensions: readonly number[],
  noise: Noise,
): FillOf {
  const prefix = dimensions.slice(0, dimensions.length - shape.length + 1);
  const batch = shape.filter((_, i) => i !== axis);
  const { before, length, after } = lanesOf(shape, axis);
  const draws = sizeOf(prefix);
  checkEnough("categorical", draws, length, dimensions);
  if (sizeOf(dimensions) !== draws * sizeOf(batch)) {
    throw new RangeError(
      `categorical: expected a shape that ends in ${formatShape(batch)} without replacement, got ${formatShape(dimensions)}. ` +
        "Repeat the logits instead.",
    );
  }
  return (data) => (single, out) => {
    const scores = new Float32Array(data.length);
    noise(single, scores);
    for (let i = 0; i < scores.length; i++) scores[i]! += data[i]!;
    const lane = new Float32Array(length);
    for (let b = 0; b < before; b++) {
      for (let a = 0; a < after; a++) {
        for (let i = 0; i < length; i++) lane[i] = scores[(b * length + i) * after + a]!;
        largest(lane, draws).forEach((index, draw) => {
          out[draw * before * after + b * after + a] = index;
        });
      }
    }
  };
}
