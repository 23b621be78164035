/** @file Piecewise linear activations. */
import { registerFunction } from "@nnxjs/nnx-core";
import { floats, live } from "../checks.ts";
import {
  abs,
  add,
  cast,
  div,
  greater,
  less,
  leakyRelu as tfLeakyRelu,
  mul,
  relu as tfRelu,
  relu6 as tfRelu6,
  scalar,
  type Tensor,
  where,
} from "@nnxjs/kernels/internal";

/** `x`, with booleans as int32. So activations with whole results keep whole numbers. */
const numbers = <T extends Tensor>(where: string, x: T): T =>
  live(where, x).dtype === "bool" ? cast<T>(x, "int32") : x;

/**
 * `max(x, 0)`, element by element. The gradient at 0 is 0.
 * @param x - Any shape, float32.
 * @see `jax.nn.relu`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * Array.from(nnx.relu(tf.tensor1d([-1, 2])).dataSync()); // => [0, 2]
 * ```
 */
export const relu = <T extends Tensor>(x: T): T => tfRelu(numbers("relu", x));

/**
 * `min(max(x, 0), 6)`, element by element. The gradient at 0 and at 6 is 0.
 * @param x - Any shape, float32.
 * @see `jax.nn.relu6`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * Array.from(nnx.relu6(tf.tensor1d([-1, 2, 8])).dataSync()); // => [0, 2, 6]
 * ```
 */
export const relu6 = <T extends Tensor>(x: T): T => tfRelu6(floats("relu6", x));

/**
 * `x` where `x >= 0`, `negativeSlope * x` elsewhere. The gradient at 0 is 1.
 * @param x - Any shape, float32.
 * @param negativeSlope - The slope below 0. @defaultValue 0.01
 * @see `jax.nn.leaky_relu`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.leakyRelu(tf.tensor1d([-1, 2]), 0.1).shape; // => [2]
 * ```
 */
export const leakyRelu = <T extends Tensor>(x: T, negativeSlope = 0.01): T =>
  tfLeakyRelu(floats("leakyRelu", x), negativeSlope);

/**
 * `x` clamped to `[-1, 1]`. The gradient at -1 and 1 is 1.
 * @param x - Any shape, float32.
 * @see `jax.nn.hard_tanh`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * Array.from(nnx.hardTanh(tf.tensor1d([-3, 0, 3])).dataSync()); // => [-1, 0, 1]
 * ```
 */
export const hardTanh = <T extends Tensor>(x: T): T => {
  const values = numbers("hardTanh", x);
  const bound = (value: number): Tensor => scalar(value, values.dtype);
  // `clamp` would halve the gradient at the bounds.
  return where(greater(values, bound(1)), bound(1), where(less(values, bound(-1)), bound(-1), values)) as T;
};

/**
 * `relu6(x + 3) / 6`, element by element: a piecewise linear sigmoid.
 * @param x - Any shape, float32.
 * @see `jax.nn.hard_sigmoid`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * Array.from(nnx.hardSigmoid(tf.tensor1d([-3, 0, 3])).dataSync()); // => [0, 0.5, 1]
 * ```
 */
export const hardSigmoid = <T extends Tensor>(x: T): T =>
  div(tfRelu6(add(floats("hardSigmoid", x), 3)), 6) as T;

/**
 * `x * hardSigmoid(x)`, element by element.
 * @param x - Any shape, float32.
 * @see `jax.nn.hard_silu`; Howard et al. 2019, https://arxiv.org/abs/1905.02244
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.hardSilu(tf.tensor1d([3])).dataSync()[0]; // => 3
 * ```
 */
export const hardSilu = <T extends Tensor>(x: T): T => {
  const values = floats("hardSilu", x);
  return mul(values, hardSigmoid(values)) as T;
};

/**
 * Another name of {@link hardSilu}. @see `jax.nn.hard_swish`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * Array.from(nnx.hardSwish(tf.tensor1d([1.5, 3])).dataSync()); // => [1.125, 3]
 * ```
 */
export const hardSwish: typeof hardSilu = hardSilu;

/**
 * `x / (1 + |x|)`, element by element.
 * @param x - Any shape, float32.
 * @see `jax.nn.soft_sign`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * Array.from(nnx.identity(tf.tensor1d([-1, 2])).dataSync()); // => [-1, 2]
 * ```
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * Array.from(nnx.identity(tf.tensor1d([-1, 2])).dataSync()); // => [-1, 2]
 * ```
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * Array.from(nnx.identity(tf.tensor1d([-1, 2])).dataSync()); // => [-1, 2]
 * ```
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * Array.from(nnx.identity(tf.tensor1d([-1, 2])).dataSync()); // => [-1, 2]
 * ```
 */
export const softSign = <T extends Tensor>(x: T): T => {
  const values = floats("softSign", x);
  return div(values, add(abs(values), 1)) as T;
};

/**
 * `x` itself. @see `jax.nn.identity`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * Array.from(nnx.identity(tf.tensor1d([-1, 2])).dataSync()); // => [-1, 2]
 * ```
 */
export const identity = <T>(x: T): T => x;

registerFunction("relu", relu);
registerFunction("relu6", relu6);
registerFunction("leakyRelu", leakyRelu);
registerFunction("hardTanh", hardTanh);
registerFunction("hardSigmoid", hardSigmoid);
registerFunction("hardSilu", hardSilu);
registerFunction("softSign", softSign);
registerFunction("identity", identity);
