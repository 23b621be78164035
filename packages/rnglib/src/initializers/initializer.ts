/** @file The types of initializers, and checks of their arguments. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { describe } from "@nnxjs/nnx-core/internal";
import type { PRNGKey } from "../keys/index.ts";
import type { Drawn } from "../random/ranks.ts";
import type { ElementType, TensorOfAxes } from "../tensor-types.ts";

/**
 * Makes the initial value of a parameter: `heNormal()(key, [3, 3, 2, 8])`. Keys of shape `[n]` make
 * `n` independent values.
 * @see `jax.nn.initializers.Initializer`
 */
export type Initializer = (key: PRNGKey, shape: readonly number[], dtype?: ElementType) => Tensor;

/**
 * An {@link Initializer} whose result type has the rank of a literal shape. All functions of
 * `initializers` return these.
 */
export type RankedInitializer = <K extends PRNGKey, const S extends readonly number[]>(
  key: K,
  shape: S,
  dtype?: ElementType,
) => Drawn<K, S>;

/**
 * An initializer with a source of keys, as `rngs.heNormal()` returns it: `rngs.heNormal()([3, 3, 2,
 * 8])`.
 */
export type KeylessInitializer = <const S extends readonly number[]>(
  shape: S,
  dtype?: ElementType,
) => TensorOfAxes<S>;

/** @throws TypeError when `value` is not a finite number, such as options in place of a scale. */
export function checkNumber(where: string, name: string, value: number): void {
  if (Number.isFinite(value)) return;
  throw new TypeError(
    `initializers.${where}: expected ${name} to be a finite number, got ${describe(value)}. Options come after it.`,
  );
}

/** @throws TypeError for a dtype that cannot hold real numbers. */
export function checkFloat32(where: string, dtype: ElementType = "float32"): void {
  if (dtype === "float32") return;
  throw new TypeError(
    `initializers.${where}: expected dtype float32, got ${JSON.stringify(dtype)}. Use zeros, ones or constant for other dtypes.`,
  );
}
