/**
 * @file The mean and variance of a DropConnect layer's output in closed form, to which samples
 * converge.
 */
import { NnxError } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import { DropConnectLinear } from "@nnxjs/layers";
import { add, matMul, mul, reshape, square, type Tensor } from "@nnxjs/kernels/internal";

/** Mean and variance of each output; both `[..., outFeatures]`. */
export interface OutputMoments {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * The mean and variance of a DropConnect layer's output over its masks, in closed form. With
 * `"training"` scaling they are `x W + b` and `r / (1 - r) x² W²`; with `"inference"` scaling, `(1
 * - r) x W + b` and `r (1 - r) x² W²`. This costs two products, where sampling costs one for each
 * sample. It can replace sampling when only the last layer of a model is stochastic. Given `x`, the
 * outputs of a row are independent of each other; rows that share a mask are not. Wan et al. draw
 * from the Gaussian with these moments at inference.
 * @param layer - Its mode does not matter, and no key is drawn.
 * @param x - `[..., inFeatures]`
 * @throws NnxError when the last axis of `x` is not `inFeatures`, or when the layer drops
 * everything (rate 1).
 * @see Wan et al. 2013, section 3.2, https://proceedings.mlr.press/v28/wan13.html
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const layer = new nnx.DropConnectLinear(new nnx.Linear(8, 3, { rngs: new nnx.Rngs(0) }), 0.25);
 * const { mean, variance } = nnx.dropConnectMoments(layer, tf.ones([5, 8])); // both [5, 3]
 * ```
 */
export function dropConnectMoments(layer: DropConnectLinear, x: Tensor): OutputMoments {
  if (!(layer instanceof DropConnectLinear)) {
    throw new NnxError(
      `dropConnectMoments: expected a DropConnectLinear layer, got ${describe(layer)}. Pass the layer itself, not its model.`,
    );
  }
  checkTensor("dropConnectMoments", "x", x);
  const { rate, scaling, inFeatures, outFeatures } = layer;
  if (x.shape.at(-1) !== inFeatures) {
    throw new NnxError(
      `dropConnectMoments: expected an input of shape [..., ${inFeatures}], got ${describe(x)}. Pass the input of the layer itself.`,
    );
  }
  const training = scaling === "training";
  if (rate === 1 && training) {
    throw new NnxError(
      "dropConnectMoments: expected a rate below 1, got 1, for which 1 / (1 - rate) is not defined. The layer's output is its bias.",
    );
  }
  const rows = reshape(x, [-1, inFeatures]);
  const shape = [...x.shape.slice(0, -1), outFeatures];
  const kernel = layer.kernel.value;
  const product = mul(matMul(rows, kernel), training ? 1 : 1 - rate);
  const squares = matMul(square(rows), square(kernel));
  const mean = layer.bias ? add(product, layer.bias.value) : product;
  const variance = mul(squares, training ? rate / (1 - rate) : rate * (1 - rate));
  return { mean: reshape(mean, shape), variance: reshape(variance, shape) };
}
