/** @file The product of dense layers. */
import { registerFunction } from "@nnxjs/nnx-core";
import type { ProductSettings } from "../dtypes.ts";
import { matMul, reshape, type Tensor } from "@nnxjs/kernels/internal";

/** What a custom `dotGeneral` receives besides the operands. */
export type DotGeneralOptions = ProductSettings;

/** Contracts the last axis of the inputs with the first of the kernel. */
export type DotGeneral = (inputs: Tensor, kernel: Tensor, options: DotGeneralOptions) => Tensor;

/**
 * Contracts the last axis of `inputs` (rank 1 or more) with the first of `kernel` (rank 2).
 * @see `jax.lax.dot_general`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const y = nnx.dotGeneral(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]]), { precision: null });
 * Array.from(y.dataSync()); // => [11]
 * ```
 */
export const dotGeneral: DotGeneral = (inputs, kernel) => {
  const flat = matMul(reshape(inputs, [-1, kernel.shape[0]]), kernel);
  return inputs.rank === 2 ? flat : reshape(flat, [...inputs.shape.slice(0, -1), kernel.shape[1] as number]);
};

registerFunction("dotGeneral", dotGeneral);
