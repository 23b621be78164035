/** @file Dense products in which every example has its own kernel. */
import { promoted, settingsOf } from "../dtypes.ts";
import type { DenseConfig } from "../linear/dense-layer.ts";
import { dotGeneral as defaultDotGeneral } from "../linear/dot-general.ts";
import { add, matMul, reshape, stack, type Tensor, unstack } from "@nnxjs/kernels/internal";

/**
 * `x[i] @ kernels[i] + bias` for each of the `n` examples.
 * @param x - `[n, ..., inFeatures]`, checked by the caller.
 * @param kernels - `[n, inFeatures, outFeatures]`
 * @returns `[n, ..., outFeatures]`
 */
export function denseEach(config: DenseConfig, x: Tensor, kernels: Tensor, bias: Tensor | null): Tensor {
  const [inputs, weights, offset] = promoted(config, [x, kernels, bias]);
  const y = products(config, inputs, weights);
  return offset ? add(y, offset) : y;
}

function products(config: DenseConfig, x: Tensor, kernels: Tensor): Tensor {
  const [n = 0, inFeatures = 0, outFeatures = 0] = kernels.shape;
  if (config.dotGeneral === defaultDotGeneral) {
    const y = matMul(reshape(x, [n, -1, inFeatures]), kernels);
    return reshape(y, [...x.shape.slice(0, -1), outFeatures]);
  }
  const settings = settingsOf(config);
  const each = unstack(kernels);
  return stack(unstack(x).map((row, i) => config.dotGeneral(row, each[i] as Tensor, settings)));
}
