/** @file Activations with exponentials. */
import { registerFunction } from "@nnxjs/nnx-core";
import { floats } from "../checks.ts";
import { checkGiven, flag, type OptionChecks } from "../options.ts";
import {
  add,
  div,
  elu as tfElu,
  expm1,
  geluErf,
  geluTanh,
  greater,
  maximum,
  minimum,
  mul,
  neg,
  scalar,
  selu as tfSelu,
  sigmoid as tfSigmoid,
  silu as tfSilu,
  softplus as tfSoftplus,
  tanh as tfTanh,
  type Tensor,
  where,
} from "@nnxjs/kernels/internal";

/**
 * `1 / (1 + e^-x)`, element by element. @param x - Any shape, float32. @see `jax.nn.sigmoid`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.sigmoid(tf.tensor1d([0])).dataSync()[0]; // => 0.5
 * ```
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.softplus(tf.tensor1d([-1, 2])).shape; // => [2]
 * ```
 */
export const sigmoid = <T extends Tensor>(x: T): T => tfSigmoid(floats("sigmoid", x));

/**
 * The hyperbolic tangent, element by element. @param x - Any shape, float32.
 * @param x - Any shape, float32.
 * @see `jax.nn.tanh`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.tanh(tf.tensor1d([0])).dataSync()[0]; // => 0
 * ```
 */
export const tanh = <T extends Tensor>(x: T): T => tfTanh(floats("tanh", x));

/**
 * `log(1 + e^x)`, element by element. @param x - Any shape, float32. @see `jax.nn.softplus`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.logSigmoid(tf.tensor1d([-1, 2])).shape; // => [2]
 * ```
 */
export const softplus = <T extends Tensor>(x: T): T => tfSoftplus(floats("softplus", x));

/**
 * `log(sigmoid(x))` as `-softplus(-x)`, element by element.
 * @param x - Any shape, float32.
 * @see `jax.nn.log_sigmoid`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.logSigmoid(tf.tensor1d([-1, 2])).shape; // => [2]
 * ```
 */
export const logSigmoid = <T extends Tensor>(x: T): T => neg(tfSoftplus(neg(floats("logSigmoid", x))));

/**
 * `x * sigmoid(x)`, element by element.
 * @param x - Any shape, float32.
 * @see `jax.nn.silu`; Elfwing et al. 2017, https://arxiv.org/abs/1702.03118
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.silu(tf.tensor1d([0])).dataSync()[0]; // => 0
 * ```
 */
export const silu = <T extends Tensor>(x: T): T => tfSilu(floats("silu", x));

/**
 * Another name of {@link silu}. @see `jax.nn.swish`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.swish(tf.tensor1d([0])).dataSync()[0]; // => 0
 * ```
 */
export const swish: typeof silu = silu;

/**
 * `x` where `x > 0`, `alpha * (e^x - 1)` elsewhere.
 * @param x - Any shape, float32.
 * @param alpha - Minus the limit to the left. Defaults to 1.
 * @see `jax.nn.elu`; Clevert et al. 2015, https://arxiv.org/abs/1511.07289
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.elu(tf.tensor1d([-1, 2])).shape; // => [2]
 * ```
 */
export const elu = <T extends Tensor>(x: T, alpha = 1): T => {
  const values = floats("elu", x);
  if (alpha === 1) return tfElu(values);
  const positive = greater(values, 0);
  // The inner `where` keeps infinities of the other branch out of the gradient.
  return where(positive, values, mul(alpha, expm1(where(positive, scalar(0), values)))) as T;
};

/**
 * `max(x, 0) + alpha * (e^(min(x, 0) / alpha) - 1)`, element by element.
 * @param x - Any shape, float32.
 * @param alpha - Minus the limit to the left. Defaults to 1.
 * @see `jax.nn.celu`; Barron 2017, https://arxiv.org/abs/1704.07483
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.celu(tf.tensor1d([-1, 2])).shape; // => [2]
 * ```
 */
export const celu = <T extends Tensor>(x: T, alpha = 1): T => {
  const values = floats("celu", x);
  return add(maximum(values, 0), mul(alpha, expm1(div(minimum(values, 0), alpha)))) as T;
};

/**
 * `1.0507009873554805 * elu(x, 1.6732632423543772)`, element by element.
 * @param x - Any shape, float32.
 * @see `jax.nn.selu`; Klambauer et al. 2017, https://arxiv.org/abs/1706.02515
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.selu(tf.tensor1d([-1, 2])).shape; // => [2]
 * ```
 */
export const selu = <T extends Tensor>(x: T): T => tfSelu(floats("selu", x));

/** Options of {@link gelu}. */
export interface GeluOptions {
  /** Whether to use tanh instead of the error function. @defaultValue true */
  approximate?: boolean;
}

const GELU: OptionChecks<GeluOptions> = { approximate: flag };

/**
 * `x * P(N(0, 1) <= x)`, element by element; by default
 * `x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))`.
 * @param x - Any shape, float32.
 * @see `jax.nn.gelu`; Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.gelu(tf.tensor1d([0])).dataSync()[0]; // => 0
 * ```
 */
export const gelu = <T extends Tensor>(x: T, options?: GeluOptions): T => {
  const values = floats("gelu", x);
  checkGiven("gelu", options, GELU);
  const { approximate = true } = options ?? {};
  return approximate ? geluTanh(values) : geluErf(values);
};

registerFunction("sigmoid", sigmoid);
registerFunction("tanh", tanh);
registerFunction("softplus", softplus);
registerFunction("logSigmoid", logSigmoid);
registerFunction("silu", silu);
registerFunction("elu", elu);
registerFunction("celu", celu);
registerFunction("selu", selu);
registerFunction("gelu", gelu);
