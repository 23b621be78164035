/** @file What an initializer is. */
import type { PRNGKey } from "../keys/index.ts";
import type { ElementType, Tensor } from "../tensor.ts";

/**
 * Makes the first value of a parameter: `heNormal()(key, [3, 3, 2, 8])`. Keys of shape `[n]` make `n` independent values.
 * @see `jax.nn.initializers.Initializer`
 */
export type Initializer = (key: PRNGKey, shape: readonly number[], dtype?: ElementType) => Tensor;

/** An initializer that has its keys already, as `rngs.heNormal()` gives: `rngs.heNormal()([3, 3, 2, 8])`. */
export type KeylessInitializer = (shape: readonly number[], dtype?: ElementType) => Tensor;

/** @throws TypeError for a dtype that real numbers do not fit. */
export function checkFloat32(where: string, dtype: ElementType = "float32"): void {
  if (dtype === "float32") return;
  throw new TypeError(
    `initializers.${where}: expected dtype float32, got ${JSON.stringify(dtype)}. Use zeros, ones or constant for other dtypes.`,
  );
}
