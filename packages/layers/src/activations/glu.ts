/** @file Gated linear units. */
import { NnxError, registerFunction } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { mul, split, type Tensor } from "@nnxjs/kernels/internal";
import { normalizeAxis } from "../axes.ts";
import { floats } from "../checks.ts";
import { sigmoid } from "./exponentials.ts";

/**
 * `a * sigmoid(b)` for the halves a and b of x along `axis`.
 * @param x - Any shape with an even number of elements along `axis`, float32.
 * @param axis - Must have an even size. @defaultValue -1
 * @throws NnxError when `axis` has an odd number of elements.
 * @see `jax.nn.glu`; Dauphin et al. 2016, https://arxiv.org/abs/1612.08083
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * nnx.glu(tf.ones([2, 6])).shape; // => [2, 3]
 * ```
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

registerFunction("glu", glu);
