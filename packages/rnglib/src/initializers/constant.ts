/** @file Initializers without randomness. */
import { ownKey } from "../keys/prng-key.ts";
import { newTensor, registerFactory, registerFunction } from "@nnxjs/nnx-core";
import { dimensionsOf } from "../keys/shape.ts";
import type { ElementType, Tensor } from "../tensor.ts";
import type { Initializer } from "./initializer.ts";

function filled(where: string, value: number, shape: readonly number[], dtype: ElementType): Tensor {
  const dimensions = dimensionsOf(`initializers.${where}`, shape);
  if (dtype === "bool") return newTensor(dtype, dimensions, (elements) => elements.fill(value === 0 ? 0 : 1));
  if (dtype === "float32" || dtype === "int32")
    return newTensor(dtype, dimensions, (elements) => elements.fill(value));
  throw new TypeError(
    `initializers.${where}: expected dtype float32, int32 or bool, got ${JSON.stringify(dtype satisfies never)}. ` +
      "Leave it out for float32.",
  );
}

/** The same value everywhere. @see `jax.nn.initializers.constant` */
export const constant: (value: number) => Initializer = registerFactory(
  "initializers.constant",
  (value: number): Initializer =>
    (key, shape, dtype = "float32") =>
      filled("constant", value, [...ownKey("initializers.constant", key).shape, ...shape], dtype),
);

/** All zeros; an initializer itself, as in JAX. @see `jax.nn.initializers.zeros` */
export const zeros: Initializer = (key, shape, dtype = "float32") =>
  filled("zeros", 0, [...ownKey("initializers.zeros", key).shape, ...shape], dtype);

/** All ones; an initializer itself, as in JAX. @see `jax.nn.initializers.ones` */
export const ones: Initializer = (key, shape, dtype = "float32") =>
  filled("ones", 1, [...ownKey("initializers.ones", key).shape, ...shape], dtype);

/** {@link zeros}, in the form of the other initializers. @see Flax `nnx.initializers.zeros_init` */
export const zerosInit = (): Initializer => zeros;

/** {@link ones}, in the form of the other initializers. @see Flax `nnx.initializers.ones_init` */
export const onesInit = (): Initializer => ones;

registerFunction("initializers.zeros", zeros);
registerFunction("initializers.ones", ones);
