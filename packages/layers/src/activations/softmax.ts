/** @file Activations along axes. */
import { registerFunction, NnxError, stopGradient } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import { type Axes, normalizeAxes, normalizeAxis } from "../axes.ts";
import {
  abs,
  add,
  broadcastTo,
  cast,
  div,
  exp,
  greater,
  less,
  log,
  logSoftmaxOf,
  logSumExpOf,
  max,
  maximum,
  mean as tfMean,
  mul,
  notEqual,
  oneHotRows,
  reshape,
  rsqrt,
  scalar,
  sizeOf,
  softmax as tfSoftmax,
  split,
  square,
  sub,
  sum,
  type Tensor,
  transpose,
  where as select,
} from "@nnxjs/kernels/internal";
import { maskedMean } from "../norm/masked-mean.ts";
import { checkBroadcast, floats } from "../checks.ts";
import {
  axisList,
  axisListOrNull,
  checkGiven,
  flag,
  integer,
  nonNegative,
  oneOf,
  type OptionChecks,
  orNull,
} from "../options.ts";
import { sigmoid } from "./exponentials.ts";

/** Options of {@link softmax} and {@link logSoftmax}: the axes, and a mask. */
export interface SoftmaxOptions {
  /** @defaultValue -1 */
  axis?: Axes;
  /**
   * Bool, broadcastable to x. Elements where it is false are ignored, and get the result of
   * `-Infinity`.
   * @defaultValue all true
   */
  where?: Tensor | null;
}

const maskOrNull = orNull(checkTensor);
const SOFTMAX: OptionChecks<SoftmaxOptions> = { axis: axisList, where: maskOrNull };

/** Checks the arguments of a function with a mask. Returns x as float32. */
function checkMasked<T extends Tensor>(where: string, x: T, mask: Tensor | null | undefined): T {
  checkTensor(where, "x", x);
  if (mask) checkBroadcast(where, "where", mask, x.shape);
  return floats(where, x);
}

const NEGATIVE_INFINITY = Number.NEGATIVE_INFINITY;

/** x with `-Infinity` where the mask is false. */
const masked = (x: Tensor, mask: Tensor | null): Tensor =>
  mask ? select(broadcastTo(cast(mask, "bool"), x.shape), x, scalar(NEGATIVE_INFINITY)) : x;

/** x minus its largest element. The largest element is a constant for the gradient. */
function shifted(x: Tensor, axes: number[]): Tensor {
  return sub(x, stopGradient(max(x, axes, true)));
}

/** How many elements each row of these axes has; `undefined` unless they are the last ones. */
const lengthOfRows = (shape: readonly number[], axes: readonly number[]): number | undefined =>
  axes.length > 0 && axes.length === shape.length - axes[0]!
    ? sizeOf(axes.map((axis) => shape[axis]!))
    : undefined;

/**
 * Applies a function over axes to the elements where the mask is true, and puts `rest` in place of
 * the others. It selects before and after `f`, so that neither values nor cotangents of the other
 * elements reach the sums. Where the whole mask is false, NaN reaches neither the result nor the
 * gradient.
 */
function whereCounted<T extends Tensor>(x: T, mask: Tensor, rest: number, f: (counted: Tensor) => Tensor): T {
  const counts = broadcastTo(cast(mask, "bool"), x.shape);
  // The rank is that of x, so the type T still holds.
  return select(counts, f(select(counts, x, scalar(NEGATIVE_INFINITY))), scalar(rest)) as T;
}

/**
 * `e^x / sum(e^x)` along `axis`.
 * @param x - Any shape, float32.
 * @returns the same shape; 0 where `where` is false.
 * @see `jax.nn.softmax`
 */
export function softmax<T extends Tensor>(x: T, options?: SoftmaxOptions): T {
  checkGiven("softmax", options, SOFTMAX);
  const values = checkMasked("softmax", x, options?.where);
  const { axis = -1, where = null } = options ?? {};
  const axes = normalizeAxes("softmax", axis, values.rank);
  const isLast = axes.length === 1 && axes[0] === values.rank - 1;
  const run = (counted: Tensor): Tensor => {
    if (isLast) return tfSoftmax(counted);
    const powers = exp(shifted(counted, axes));
    return div(powers, sum(powers, axes, true));
  };
  return where ? whereCounted(values, where, 0, run) : (run(values) as T);
}

/**
 * `x - log(sum(e^x))` along `axis`.
 * @param x - Any shape, float32.
 * @returns the same shape; `-Infinity` where `where` is false.
 * @see `jax.nn.log_softmax`
 */
export function logSoftmax<T extends Tensor>(x: T, options?: SoftmaxOptions): T {
  checkGiven("logSoftmax", options, SOFTMAX);
  const values = checkMasked("logSoftmax", x, options?.where);
  const { axis = -1, where = null } = options ?? {};
  const axes = normalizeAxes("logSoftmax", axis, values.rank);
  const length = lengthOfRows(values.shape, axes);
  const run = (counted: Tensor): Tensor => {
    const quick = length === undefined ? undefined : logSoftmaxOf(counted, length);
    if (quick) return quick;
    const differences = shifted(counted, axes);
    return sub(differences, log(sum(exp(differences), axes, true)));
  };
  return where ? whereCounted(values, where, NEGATIVE_INFINITY, run) : (run(values) as T);
}

/** Options of {@link logsumexp}. */
export interface LogsumexpOptions {
  /** @defaultValue all axes */
  axis?: Axes | null;
  /** Factors of the exponentials, broadcastable to x. @defaultValue 1 */
  b?: Tensor | null;
  /** Whether to keep the reduced axes with size 1. @defaultValue false */
  keepDims?: boolean;
  /** Bool, broadcastable to x. Elements where it is false are ignored. @defaultValue all true */
  where?: Tensor | null;
}

const LOGSUMEXP: OptionChecks<LogsumexpOptions> = {
  axis: axisListOrNull,
  b: orNull(checkTensor),
  keepDims: flag,
  where: maskOrNull,
};

/**
 * `log(sum(b * e^x))` along `axis`, without overflow.
 * @param x - Any shape, float32.
 * @returns NaN where the sum is negative.
 * @see `jax.nn.logsumexp`
 */
export function logsumexp(x: Tensor, options: LogsumexpOptions = {}): Tensor {
  checkGiven("logsumexp", options, LOGSUMEXP);
  const quick = options.b ? undefined : ofRows(x, options);
  if (quick) return quick;
  const [size, sign] = logsumexpWithSign(x, options);
  return options.b ? select(less(sign, 0), scalar(Number.NaN), size) : size;
}

/** {@link logsumexp} without factors, along the last axes, where one kernel has it. */
function ofRows(
  x: Tensor,
  { axis = null, keepDims = false, where = null }: LogsumexpOptions,
): Tensor | undefined {
  const values = checkMasked("logsumexp", x, where);
  const { shape, rank } = values;
  const axes = normalizeAxes("logsumexp", axis ?? shape.map((_, i) => i), rank);
  const length = lengthOfRows(shape, axes);
  const sums = length === undefined ? undefined : logSumExpOf(masked(values, where), length);
  const kept = shape.slice(0, rank - axes.length);
  return sums && reshape(sums, keepDims ? [...kept, ...axes.map(() => 1)] : kept);
}

/**
 * The logarithm of the absolute value of `sum(b * e^x)`, and its sign.
 * @see `jax.nn.logsumexp` with `return_sign`
 */
export function logsumexpWithSign(x: Tensor, options?: LogsumexpOptions): [size: Tensor, sign: Tensor] {
  checkGiven("logsumexp", options, LOGSUMEXP);
  const { axis = null, b = null, keepDims = false, where = null } = options ?? {};
  const values = checkMasked("logsumexp", x, where);
  if (b) checkBroadcast("logsumexp", "b", b, values.shape);
  const axes = normalizeAxes(
    "logsumexp",
    axis ?? Array.from({ length: values.rank }, (_, i) => i),
    values.rank,
  );
  const counted = masked(b ? masked(values, notEqual(b, 0)) : values, where);
  const largest = max(counted, axes, true);
  // The largest element may be ±Infinity, which cannot be subtracted.
  const shift = stopGradient(select(less(abs(largest), Number.POSITIVE_INFINITY), largest, scalar(0)));
  const powers = exp(sub(counted, shift));
  const total = sum(b ? mul(powers, b) : powers, axes, true);
  const size = add(log(abs(total)), shift);
  const sign = sub(cast(greater(total, 0), "float32"), cast(less(total, 0), "float32"));
  if (keepDims) return [size, sign];
  const shape = values.shape.filter((_, i) => !axes.includes(i));
  return [reshape(size, shape), reshape(sign, shape)];
}

/**
 * `a * sigmoid(b)` for the halves a and b of x along `axis`.
 * @param axis - Must have an even size. @defaultValue -1
 * @see `jax.nn.glu`; Dauphin et al. 2016, https://arxiv.org/abs/1612.08083
 */
export function glu<T extends Tensor>(x: T, axis = -1): T {
  const values = floats("glu", x);
  const along = normalizeAxis("glu", axis, values.rank);
  if ((values.shape[along] as number) % 2 !== 0) {
    throw new NnxError(
      `glu: expected an even size along axis ${axis}, got ${describe(x)}. Its halves are value and gate.`,
    );
  }
  const [value, gate] = split(values, 2, along) as [T, T];
  return mul(value, sigmoid(gate)) as T;
}

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
 */
export function oneHot(x: Tensor, numClasses: number, options?: OneHotOptions): Tensor {
  checkTensor("oneHot", "x", x);
  if (!Number.isInteger(numClasses) || numClasses < 0) {
    throw new NnxError(`oneHot: expected numClasses to be an integer from 0, got ${describe(numClasses)}.`);
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

/** Options of {@link standardize}. */
export interface StandardizeOptions {
  /** @defaultValue -1 */
  axis?: Axes;
  /** @defaultValue the mean of x */
  mean?: Tensor | null;
  /** @defaultValue the variance of x */
  variance?: Tensor | null;
  /** @defaultValue 1e-5 */
  epsilon?: number;
  /**
   * Bool, broadcastable to x. Mean and variance ignore elements where it is false.
   * @defaultValue all true
   */
  where?: Tensor | null;
}

const STANDARDIZE: OptionChecks<StandardizeOptions> = {
  axis: axisList,
  mean: orNull(checkTensor),
  variance: orNull(checkTensor),
  epsilon: nonNegative,
  where: maskOrNull,
};

/**
 * `(x - mean) / sqrt(variance + epsilon)` along `axis`. The variance is divided by the number of
 * elements.
 * @param x - Any shape, float32.
 * @see `jax.nn.standardize`
 */
export function standardize<T extends Tensor>(x: T, options: StandardizeOptions = {}): T {
  checkGiven("standardize", options, STANDARDIZE);
  const { axis = -1, epsilon = 1e-5, where = null } = options;
  const values = checkMasked("standardize", x, where);
  const axes = normalizeAxes("standardize", axis, values.rank);
  const average = (values: Tensor): Tensor =>
    where ? maskedMean(values, axes, where) : tfMean(values, axes, true);
  const mean = options.mean ?? average(values);
  const variance = options.variance ?? maximum(sub(average(square(values)), square(mean)), 0);
  return mul(sub(values, mean), rsqrt(add(variance, epsilon))) as T;
}

registerFunction("softmax", softmax);
registerFunction("logSoftmax", logSoftmax);
registerFunction("logsumexp", logsumexp);
registerFunction("logsumexpWithSign", logsumexpWithSign);
registerFunction("glu", glu);
registerFunction("oneHot", oneHot);
registerFunction("standardize", standardize);
