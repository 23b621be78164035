/** @file Initializers without randomness. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { registerFactory, registerFunction } from "@nnxjs/nnx-core";
import { newTensor } from "@nnxjs/kernels/internal";
import { describe } from "@nnxjs/nnx-core/internal";
import { ownKey, type PRNGKey } from "../keys/prng-key.ts";
import { dimensionsOf } from "../keys/shape.ts";
import type { RankedInitializer } from "./initializer.ts";
import type { ElementType } from "../tensor-types.ts";

function filled<T extends Tensor>(
  where: string,
  value: number,
  key: PRNGKey,
  shape: readonly number[],
  dtype: ElementType,
): T {
  const place = `initializers.${where}`;
  const own = dimensionsOf(place, shape);
  const dimensions = [...ownKey(place, key).shape, ...own];
  // The shape has the rank that the type T says.
  const fill = (): Tensor =>
    newTensor(dtype, dimensions, (elements) => elements.fill(dtype === "bool" ? Number(value !== 0) : value));
  switch (dtype) {
    case "float32":
    case "int32":
    case "bool":
      return fill() as T;
    default:
      throw new TypeError(
        `initializers.${where}: expected dtype float32, int32 or bool, got ${JSON.stringify(dtype satisfies never)}. ` +
          "Leave it out for float32.",
      );
  }
}

/**
 * The same value everywhere.
 * @param value - Any number.
 * @see `jax.nn.initializers.constant`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.initializers.constant(0.1)(nnx.random.key(0), [2, 3]).shape; // => [2, 3]
 * ```
 */
export const constant: (value: number) => RankedInitializer = registerFactory(
  "initializers.constant",
  (value: number): RankedInitializer => {
    if (typeof value !== "number") {
      throw new TypeError(
        `initializers.constant: expected a number, got ${describe(value)}. Write an initializer that returns the tensor: (key, shape) => tensor.`,
      );
    }
    return (key, shape, dtype = "float32") => filled("constant", value, key, shape, dtype);
  },
);

/**
 * All zeros. Like in JAX, it is an initializer itself. @see `jax.nn.initializers.zeros`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const layer = new nnx.Linear(2, 3, { kernelInit: nnx.initializers.zeros, rngs: new nnx.Rngs(0) });
 * tf.max(layer.kernel.value).dataSync()[0]; // => 0
 * ```
 */
export const zeros: RankedInitializer = (key, shape, dtype = "float32") =>
  filled("zeros", 0, key, shape, dtype);

/**
 * All ones. Like in JAX, it is an initializer itself. @see `jax.nn.initializers.ones`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const layer = new nnx.Linear(2, 3, { biasInit: nnx.initializers.ones, rngs: new nnx.Rngs(0) });
 * Array.from(layer.bias!.value.dataSync()); // => [1, 1, 1]
 * ```
 */
export const ones: RankedInitializer = (key, shape, dtype = "float32") =>
  filled("ones", 1, key, shape, dtype);

/**
 * Returns {@link zeros}, to call like other initializers. @see Flax `nnx.initializers.zeros_init`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.initializers.zerosInit()(nnx.random.key(0), [2, 3]).shape; // => [2, 3]
 * ```
 */
export const zerosInit = (): RankedInitializer => zeros;

/**
 * Returns {@link ones}, to call like other initializers. @see Flax `nnx.initializers.ones_init`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.initializers.onesInit()(nnx.random.key(0), [2, 3]).shape; // => [2, 3]
 * ```
 */
export const onesInit = (): RankedInitializer => ones;

registerFunction("initializers.zeros", zeros);
registerFunction("initializers.ones", ones);
