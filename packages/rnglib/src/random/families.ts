/**
 * @file Distributions with parameters that are one formula of a uniform, exponential or normal
 * value.
 */
import { type AxesOf, type PRNGKey, split, uniform as rawUniform } from "../keys/index.ts";
import type { Shape } from "../keys/shape.ts";
import { exp, flush, log, log1p } from "./float32.ts";
import { rademacherInto } from "./integers.ts";
import {
  broadcastShapes,
  drawFloat32,
  drawInt32,
  expand,
  isRepeated,
  type Parameter,
  sampleShape,
  type Values,
  valuesOf,
} from "./kernel.ts";
import { exponentialInto } from "./log-uniform.ts";
import { dimensionsOf } from "../keys/shape.ts";
import { maxwellInto } from "./normal.ts";
import type {
  AxesOfParameter,
  BeforeParameters,
  Broadcast,
  Drawn,
  Drawn1,
  DrawnOr,
  Joint,
  MaybeShape,
} from "./ranks.ts";
import { toInt32 } from "./words.ts";

const f = Math.fround;

/** Divides in place by a parameter. Multiplies by its reciprocal where XLA does. */
function divisionBy(
  parameter: Values,
  key: PRNGKey,
  dimensions: readonly number[],
): (x: Float32Array) => void {
  const values = expand(parameter, dimensions);
  if (!isRepeated(parameter, key, dimensions)) {
    return (x) => {
      for (let i = 0; i < x.length; i++) x[i]! /= values[i]!;
    };
  }
  const reciprocals = values.map((value) => flush(f(1 / value)));
  return (x) => {
    for (let i = 0; i < x.length; i++) x[i]! *= reciprocals[i]!;
  };
}

/**
 * Density `b / x^(b+1)` for `x >= 1`.
 * @param b - Broadcasts to the shape.
 * @param shape - @defaultValue the shape of `b`
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @see `jax.random.pareto`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.pareto(nnx.random.key(0), 3, [4]).shape; // => [4]
 * ```
 */
export function pareto<K extends PRNGKey, P extends Parameter, const S extends MaybeShape = undefined>(
  key: K,
  b: P,
  shape?: S,
): Drawn1<K, S, P> {
  const parameter = valuesOf("pareto", b);
  const dimensions = sampleShape("pareto", shape, parameter);
  const divide = divisionBy(parameter, key, dimensions);
  return drawFloat32("pareto", key, dimensions, (single, out) => {
    exponentialInto(single, out);
    divide(out);
    for (let i = 0; i < out.length; i++) out[i] = exp(out[i]!);
  });
}

/**
 * Density `x e^(-x²/2σ²) / σ²` for `x >= 0`: the length of a normal vector in the plane.
 * @param scale - σ; broadcasts to the shape.
 * @param shape - @defaultValue the shape of `scale`
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @see `jax.random.rayleigh`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.rayleigh(nnx.random.key(0), 1, [4]).shape; // => [4]
 * ```
 */
export function rayleigh<K extends PRNGKey, P extends Parameter, const S extends MaybeShape = undefined>(
  key: K,
  scale: P,
  shape?: S,
): Drawn1<K, S, P> {
  const parameter = valuesOf("rayleigh", scale);
  const dimensions = sampleShape("rayleigh", shape, parameter);
  const scales = expand(parameter, dimensions);
  return drawFloat32("rayleigh", key, dimensions, (single, out) => {
    rawUniform(single, out.length, { out });
    for (let i = 0; i < out.length; i++) out[i] = flush(scales[i]! * f(Math.sqrt(f(log(out[i]!) * -2))));
  });
}

/**
 * Density proportional to `x^(c-1) e^-(x/scale)^c` for `x > 0`.
 * @param scale - Broadcasts against the draws.
 * @param concentration - c; broadcasts against the draws.
 * @param shape - The shape of the draws. Parameters with more axes share a draw, as in JAX.
 * @defaultValue `[]`, one draw
 * @returns float32 of shape `[...key.shape, ...s]`, where `s` is the shape to which `shape` and the
 * parameters broadcast.
 * @see `jax.random.weibull_min`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.weibullMin(nnx.random.key(0), 1, 2, [3]).shape; // => [3]
 * ```
 */
export function weibullMin<
  K extends PRNGKey,
  A extends Parameter,
  B extends Parameter,
  const S extends Shape = readonly [],
>(key: K, scale: A, concentration: B, shape?: S): Drawn<K, Broadcast<AxesOf<S>, Joint<A, B>>> {
  const [size, power] = [valuesOf("weibullMin", scale), valuesOf("weibullMin", concentration)];
  const drawn = dimensionsOf("weibullMin", shape === undefined ? [] : shape);
  const dimensions = broadcastShapes("weibullMin", drawn, size.shape, power.shape);
  const [sizes, powers] = [expand(size, dimensions), expand(power, dimensions)];
  const count = drawn.reduce((a, b) => a * b, 1);
  return drawFloat32("weibullMin", key, dimensions, (single, out) => {
    const e = new Float32Array(count);
    exponentialInto(single, e);
    const spread = expand({ shape: drawn, data: e }, dimensions);
    for (let i = 0; i < out.length; i++)
      out[i] = flush(f(flush(f(spread[i]! ** f(1 / powers[i]!))) * sizes[i]!));
  });
}

/**
 * Density proportional to `z² e^(-z²/2)` with `z = (x - loc) / scale`.
 * @param loc - The centre.
 * @param scale - The width; broadcasts with `loc`.
 * @param shape - Put in front of the shape to which `loc` and `scale` broadcast. @defaultValue that
 * shape, so that it occurs twice, as in JAX
 * @returns float32 of shape `[...key.shape, ...shape, ...parameters]`.
 * @see `jax.random.double_sided_maxwell`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.doubleSidedMaxwell(nnx.random.key(0), 0, 1, [3]).shape; // => [3]
 * ```
 */
export function doubleSidedMaxwell<
  K extends PRNGKey,
  A extends Parameter,
  B extends Parameter,
  const S extends Shape = readonly [],
>(key: K, loc: A, scale: B, shape?: S): Drawn<K, BeforeParameters<AxesOf<S>, Joint<A, B>>> {
  const [center, width] = [valuesOf("doubleSidedMaxwell", loc), valuesOf("doubleSidedMaxwell", scale)];
  const parameters = broadcastShapes("doubleSidedMaxwell", center.shape, width.shape);
  const asked = dimensionsOf("doubleSidedMaxwell", shape === undefined ? [] : shape);
  const dimensions = [...(asked.length === 0 ? parameters : asked), ...parameters];
  const [centers, widths] = [expand(center, dimensions), expand(width, dimensions)];
  return drawFloat32("doubleSidedMaxwell", key, dimensions, (single, out) => {
    const halves = split(single);
    const signs = new Float32Array(out.length);
    maxwellInto(halves.at(0), out);
    rademacherInto(halves.at(1), signs);
    // A fused multiply-add: the product of two float32 is exact in a double.
    for (let i = 0; i < out.length; i++) out[i] = flush(f(signs[i]! * out[i]! * widths[i]! + centers[i]!));
  });
}

/**
 * The number of trials until the first success, at least 1.
 * @param p - Probability of success; broadcasts to the shape.
 * @param shape - @defaultValue the shape of `p`
 * @returns int32 of shape `[...key.shape, ...shape]`.
 * @see `jax.random.geometric`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.geometric(nnx.random.key(0), 0.5, [4]).shape; // => [4]
 * ```
 */
export function geometric<K extends PRNGKey, P extends Parameter, const S extends MaybeShape = undefined>(
  key: K,
  p: P,
  shape?: S,
): Drawn1<K, S, P> {
  const parameter = valuesOf("geometric", p);
  const dimensions = sampleShape("geometric", shape, parameter);
  const logFailures = { shape: parameter.shape, data: parameter.data.map((x) => log1p(-x)) };
  const divide = divisionBy(logFailures, key, dimensions);
  return drawInt32("geometric", key, dimensions, (single, out) => {
    const u = rawUniform(single, out.length);
    for (let i = 0; i < u.length; i++) u[i] = log(u[i] === 0 ? 1 : u[i]!);
    divide(u);
    for (let i = 0; i < out.length; i++) out[i] = toInt32(f(Math.floor(u[i]!) + 1));
  });
}

/**
 * The triangular distribution: its density rises linearly from `left` to `mode` and falls linearly
 * to `right`.
 * @param left - Broadcasts to the shape, as do `mode` and `right`.
 * @param shape - @defaultValue the shape to which the parameters broadcast
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @see `jax.random.triangular`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.triangular(nnx.random.key(0), 0, 1, 2, [4]).shape; // => [4]
 * ```
 */
export function triangular<
  K extends PRNGKey,
  A extends Parameter,
  B extends Parameter,
  C extends Parameter,
  const S extends MaybeShape = undefined,
>(
  key: K,
  left: A,
  mode: B,
  right: C,
  shape?: S,
): DrawnOr<K, S, Broadcast<AxesOfParameter<A>, Broadcast<AxesOfParameter<B>, AxesOfParameter<C>>>> {
  const read = [left, mode, right].map((x) => valuesOf("triangular", x));
  const dimensions = sampleShape("triangular", shape, ...read);
  const [lefts, modes, rights] = read.map((values) => expand(values, dimensions)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  return drawFloat32("triangular", key, dimensions, (single, out) => {
    rawUniform(single, out.length, { out });
    for (let i = 0; i < out.length; i++) {
      const [l, m, r] = [lefts[i]!, modes[i]!, rights[i]!];
      const u = out[i]!;
      const width = f(r - l);
      const rise = f(m - l);
      out[i] =
        u < f(rise / width)
          ? l + f(Math.sqrt(f(f(u * width) * rise)))
          : r - f(Math.sqrt(f(f(f(1 - u) * width) * f(r - m))));
    }
  });
}
