/** @file Draws from a range or from the slices of a tensor. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { isTensor, valuesOf as valuesOfTensor } from "@nnxjs/kernels/internal";
import { type AxesOf, type PRNGKey, randint as rawRandint, uniform as rawUniform } from "../keys/index.ts";
import { checkOptions, checkTensor, describe } from "@nnxjs/nnx-core/internal";
import { dimensionsOf, formatShape, type Shape, sizeOf } from "../keys/shape.ts";
import { log } from "./float32.ts";
import { gumbelFill, type GumbelMode } from "./gumbel.ts";
import { drawInt32, type Parameter, valuesOf } from "./kernel.ts";
import { axisOf, drawAs, lanesOf, takeInto } from "./lanes.ts";
import { checkEnough, shuffledRange } from "./permutation.ts";
import type { Drawn, SliceAxes } from "./ranks.ts";
import { cumulativeSum, largest } from "./scan.ts";

const NAMES = { replace: true, p: true, axis: true, mode: true } as const;
/** The largest number of alternatives, because indices are int32. */
const MOST = 2 ** 31 - 1;

/** Options of {@link choice}. */
export interface ChoiceOptions {
  /** Whether the same alternative may be drawn again. @defaultValue true */
  replace?: boolean;
  /**
   * A weight for each alternative, shape `[n]`. They need not sum to 1. @defaultValue equal weights
   */
  p?: Parameter;
  /** The axis of a tensor along which to choose. @defaultValue 0 */
  axis?: number;
  /**
   * The bits of the noise, which is used without replacement and with `p`; see `gumbel`.
   * @defaultValue "low"
   */
  mode?: GumbelMode;
}

/**
 * A random sample of `0 … a - 1`, or of a tensor's slices along an axis, equal to JAX's.
 * @param a - A positive integer or a tensor with at least 1 axis, whose values are read: on a GPU pass one
 * that `nnx.readAhead` has read.
 * @param shape - The shape of the sample. @defaultValue `[]`, one
 * @returns int32 of shape `[...key.shape, ...shape]`. For a tensor, its dtype, with `shape` in
 * place of the axis.
 * @throws RangeError for more draws without replacement than alternatives, for no alternatives, and
 * for `p` with another shape, with negative or NaN weights, or with too few above 0. TypeError when
 * `a` is neither an integer nor a tensor.
 * @see `jax.random.choice`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.choice(nnx.random.key(0), 10, [3]).shape; // => [3]
 * ```
 */
export function choice<K extends PRNGKey, A extends number | Tensor, const S extends Shape = readonly []>(
  key: K,
  a: A,
  shape?: S,
  options: ChoiceOptions = {},
): Drawn<K, readonly [...AxesOf<S>, ...SliceAxes<A>]> {
  checkOptions("choice", options, NAMES);
  const { replace = true, p, axis = 0, mode = "low" } = options;
  const dimensions = dimensionsOf("choice", shape === undefined ? [] : shape);
  const draws = sizeOf(dimensions);
  if (isTensor(a)) checkTensor("choice", "a", a);
  const population = isTensor(a) && a.rank > 0 ? a.shape : [sizeFrom(a)];
  const lanes = lanesOf(population, axisOf("choice", axis, population));
  if (draws > 0 && lanes.length <= 0) {
    throw new RangeError(
      `choice: expected something to choose from, got ${lanes.length} alternatives. Pass at least one.`,
    );
  }
  if (!replace) checkEnough("choice", draws, lanes.length, dimensions);
  const indices = draws === 0 ? () => new Int32Array(0) : indicesFrom(lanes.length, draws, replace, p, mode);
  if (!isTensor(a) || a.rank === 0) {
    return drawInt32("choice", key, dimensions, (single, out) => out.set(indices(single)));
  }
  const at = axisOf("choice", axis, a.shape);
  const result = [...a.shape.slice(0, at), ...dimensions, ...a.shape.slice(at + 1)];
  const data = valuesOfTensor(a, "choice");
  return drawAs(a.dtype, "choice", key, result, (single, out) => takeInto(data, lanes, indices(single), out));
}

function sizeFrom(a: number | Tensor): number {
  const size = typeof a === "number" ? a : isTensor(a) ? valuesOfTensor(a, "choice")[0] : undefined;
  if (size !== undefined && size > MOST) {
    throw new RangeError(
      `choice: expected at most ${MOST} alternatives, got ${size}. Scale a uniform instead.`,
    );
  }
  if (size !== undefined && Number.isInteger(size)) return size;
  throw new TypeError(
    `choice: expected an integer or a tensor with at least 1 axis, got ${describe(a)}. Pass how many there are to choose from.`,
  );
}

function indicesFrom(
  n: number,
  draws: number,
  replace: boolean,
  p: Parameter | undefined,
  mode: GumbelMode,
): (key: PRNGKey) => Int32Array {
  if (p === undefined) {
    if (replace) return (key) => rawRandint(key, draws, 0, n);
    return (key) => shuffledRange(key, n).subarray(0, draws);
  }
  const weights = valuesOf("choice", p);
  if (weights.shape.length !== 1 || weights.shape[0] !== n) {
    throw new RangeError(
      `choice: expected p of shape [${n}], one weight for each alternative, got ${formatShape(weights.shape)}. ` +
        "Give a weight to each.",
    );
  }
  const bad = weights.data.findIndex((weight) => !(weight >= 0));
  if (bad >= 0) {
    throw new RangeError(
      `choice: expected weights of at least 0, got ${weights.data[bad]} at ${bad}. Give 0 to an alternative that must not be chosen.`,
    );
  }
  const possible = weights.data.reduce((count, weight) => count + Number(weight > 0), 0);
  const needed = replace ? 1 : draws;
  if (possible < needed) {
    throw new RangeError(
      `choice: expected at least ${needed} weights above 0, got ${possible}. An alternative with weight 0 is never chosen.`,
    );
  }
  return replace ? byWeight(weights.data, draws) : topWeights(weights.data, draws, mode);
}

function byWeight(p: Float32Array, draws: number): (key: PRNGKey) => Int32Array {
  const sums = cumulativeSum(p);
  const total = sums.at(-1) ?? 0;
  return (key) => {
    const out = new Int32Array(draws);
    rawUniform(key, draws).forEach((u, i) => {
      const r = Math.fround(total * Math.fround(1 - u));
      let low = 0;
      let high = sums.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        // NaN comes last, as in JAX's sort.
        if (sums[middle]! < r || (Number.isNaN(r) && !Number.isNaN(sums[middle]))) low = middle + 1;
        else high = middle;
      }
      out[i] = low;
    });
    return out;
  };
}

function topWeights(p: Float32Array, draws: number, mode: GumbelMode): (key: PRNGKey) => Int32Array {
  const logs = p.map(log);
  const noise = gumbelFill(mode);
  return (key) => {
    const scores = new Float32Array(p.length);
    noise(key, scores);
    for (let i = 0; i < scores.length; i++) scores[i]! += logs[i]!;
    return largest(scores, draws);
  };
}
