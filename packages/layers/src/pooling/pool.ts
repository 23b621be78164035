/** @file Reduces windows over spatial axes to one number each. */
import { NnxError } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import {
  add,
  cast,
  div,
  expandDims,
  maximum,
  mul,
  neg,
  ones,
  pad,
  poolValid,
  reshape,
  sizeOf,
  squeeze,
  sub,
  type Tensor,
} from "@nnxjs/kernels/internal";
import { checkSizes, shapeText } from "../checks.ts";
import { anything, checkGiven, flag, type OptionChecks } from "../options.ts";
import { canonicalPadding, type Pads, samePads } from "../conv/padding.ts";

/** Options of pools; the names are Flax's. */
export interface PoolOptions {
  /**
   * The distance between windows along each axis. Note that it is not the window's size by default.
   * @defaultValue 1
   */
  strides?: readonly number[] | null;
  /**
   * A name, or a pair of widths for each spatial axis. Padding does not change sums, maxima and
   * minima.
   * @defaultValue "VALID"
   */
  padding?: "SAME" | "VALID" | readonly Pads[];
}

/** Options of {@link avgPool}. */
export interface AvgPoolOptions extends PoolOptions {
  /**
   * Whether to divide by the window's size even where it reaches beyond the edge. @defaultValue
   * true
   */
  countIncludePad?: boolean;
}

/** How {@link pool} reduces a window. */
export type PoolReduction = "add" | "max" | "min";

// `geometry` checks strides and padding together with the window.
const POOL: OptionChecks<PoolOptions> = { strides: anything, padding: anything };
const AVG_POOL: OptionChecks<AvgPoolOptions> = { ...POOL, countIncludePad: flag };

interface Geometry {
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly Pads[];
}

function geometry(where: string, x: Tensor, window: readonly number[], options: PoolOptions): Geometry {
  checkTensor(where, "x", x);
  checkGiven(where, options, where === "avgPool" ? AVG_POOL : POOL);
  const { padding = "VALID" } = options;
  checkList(where, "windowShape", window);
  if (options.strides) checkList(where, "strides", options.strides);
  const strides = options.strides ?? window.map(() => 1);
  checkSizes(where, "windowShape", window);
  checkSizes(where, "strides", strides);
  if (window.length < 1 || window.length > 3 || strides.length !== window.length) {
    throw new NnxError(
      `${where}: expected a windowShape of 1 to 3 axes and as many strides, got ${shapeText(window)} and ${shapeText(strides)}. Write a number for each spatial axis.`,
    );
  }
  if (x.rank <= window.length) {
    throw new NnxError(
      `${where}: expected an input of shape [...batch, ...spatial, channels] with ${window.length} spatial axes, got ${describe(x)}. Channels come last.`,
    );
  }
  const spatial = x.shape.slice(-1 - window.length, -1);
  const canonical = canonicalPadding(where, padding, window.length);
  const pads = window.map((size, i): Pads => {
    if (typeof canonical !== "string") return canonical[i] as Pads;
    if (canonical === "SAME") return samePads(spatial[i] as number, size, strides[i] as number);
    if (canonical === "VALID") return [0, 0];
    throw new NnxError(`${where}: expected padding "SAME", "VALID" or pairs, got ${describe(padding)}.`);
  });
  const fits = window.every((size, i) => {
    const [before, after] = pads[i] as Pads;
    return before >= 0 && after >= 0 && (spatial[i] as number) + before + after >= size;
  });
  if (!fits) {
    throw new NnxError(
      `${where}: expected a window of shape ${shapeText(window)} to fit in the padded input, got ${describe(x)}. Pad it by widths from 0, or use a smaller window.`,
    );
  }
  return { window, strides, pads };
}

/** Requires a list. Flax does not take single numbers, either. */
function checkList(where: string, name: string, value: unknown): void {
  if (Array.isArray(value)) return;
  throw new NnxError(
    `${where}: expected ${name} to be a list of sizes, one for each spatial axis, got ${describe(value)}. Write [2, 2] for two.`,
  );
}

/**
 * Applies the pool kernel to the padded input. With one spatial axis, an axis of size 1 is added.
 */
function reduce(x: Tensor, kind: "avg" | "max", { window, strides, pads }: Geometry): Tensor {
  const batch = x.shape.slice(0, -1 - window.length);
  const rows = reshape(x, [sizeOf(batch), ...x.shape.slice(batch.length)]);
  const neutral = kind === "avg" ? 0 : Number.NEGATIVE_INFINITY;
  const widths: [number, number][] = [
    [0, 0],
    ...pads.map(([before, after]): [number, number] => [before, after]),
    [0, 0],
  ];
  const padded = pads.every(([before, after]) => before === 0 && after === 0)
    ? rows
    : pad(rows, widths, neutral);
  const y =
    window.length === 1
      ? squeeze(poolValid(expandDims(padded, 1), kind, [1, ...window], [1, ...strides]), [1])
      : poolValid(padded, kind, window, strides);
  return reshape(y, [...batch, ...y.shape.slice(1)]);
}

const float = (x: Tensor): Tensor => (x.dtype === "float32" ? x : cast(x, "float32"));

/**
 * Reduces each window by sum, maximum or minimum.
 * @param reduction - How a window becomes one number: `"add"`, `"max"` or `"min"`.
 * @param x - `[...batch, ...spatial, channels]`, float32; zero or more batch axes.
 * @param windowShape - One size for each of one to three spatial axes.
 * @returns `[...batch, ...spatial, channels]`
 * @throws NnxError when the window does not fit.
 * @see `flax.nnx.pool`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const y = nnx.pool(tf.tensor3d([1, 5, 2, 4], [1, 4, 1]), "max", [2], { strides: [2] });
 * Array.from(y.dataSync()); // => [5, 4]
 * ```
 */
export function pool(
  x: Tensor,
  reduction: PoolReduction,
  windowShape: readonly number[],
  options: PoolOptions = {},
): Tensor {
  if (!["add", "max", "min"].includes(reduction)) {
    throw new NnxError(`pool: expected the reduction "add", "max" or "min", got ${describe(reduction)}.`);
  }
  const how = geometry("pool", x, windowShape, options);
  if (reduction === "add") return mul(reduce(float(x), "avg", how), sizeOf(windowShape));
  return reduction === "max" ? reduce(float(x), "max", how) : neg(reduce(neg(float(x)), "max", how));
}

/**
 * The mean of each window.
 * @param x - `[...batch, ...spatial, channels]`; zero or more batch axes.
 * @param windowShape - One size for each of one to three spatial axes.
 * @returns `[...batch, ...spatial, channels]`
 * @throws NnxError when the window does not fit.
 * @see `flax.nnx.avg_pool`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const y = nnx.avgPool(tf.ones([8, 28, 28, 3]), [2, 2], { strides: [2, 2] }); // [8, 14, 14, 3]
 * ```
 */
export function avgPool<T extends Tensor>(
  x: T,
  windowShape: readonly number[],
  options: AvgPoolOptions = {},
): T {
  const how = geometry("avgPool", x, windowShape, options);
  const y = reduce(float(x), "avg", how);
  // The rank is that of x, so the type T still holds.
  if (options.countIncludePad ?? true) return y as T;
  const inside = reduce(ones([...x.shape.slice(-1 - windowShape.length, -1), 1]), "avg", how);
  if (!how.pads.some((widths, axis) => widths.some((width) => width >= windowShape[axis]!)))
    return div(y, inside) as T;
  // A window of padding alone gives NaN, and no gradient, which would be infinite.
  return add(div(y, maximum(inside, 1e-30)), sub(div(inside, inside), 1)) as T;
}

/**
 * The maximum of each window. Where several elements are largest, the first of them receives the
 * gradient.
 * @param x - `[...batch, ...spatial, channels]`; zero or more batch axes.
 * @param windowShape - One size for each of one to three spatial axes.
 * @returns `[...batch, ...spatial, channels]`
 * @throws NnxError when the window does not fit.
 * @see `flax.nnx.max_pool`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const y = nnx.maxPool(tf.ones([8, 28, 28, 3]), [2, 2], { strides: [2, 2] }); // [8, 14, 14, 3]
 * ```
 */
export const maxPool = <T extends Tensor>(
  x: T,
  windowShape: readonly number[],
  options: PoolOptions = {},
): T => {
  const how = geometry("maxPool", x, windowShape, options);
  return reduce(float(x), "max", how) as T;
};

/**
 * The minimum of each window.
 * @param x - `[...batch, ...spatial, channels]`; zero or more batch axes.
 * @param windowShape - One size for each of one to three spatial axes.
 * @returns `[...batch, ...spatial, channels]`
 * @throws NnxError when the window does not fit.
 * @see `flax.nnx.min_pool`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const y = nnx.minPool(tf.ones([8, 28, 28, 3]), [2, 2], { strides: [2, 2] }); // [8, 14, 14, 3]
 * ```
 */
export const minPool = <T extends Tensor>(
  x: T,
  windowShape: readonly number[],
  options: PoolOptions = {},
): T => {
  const how = geometry("minPool", x, windowShape, options);
  return neg(reduce(neg(float(x)), "max", how)) as T;
};
