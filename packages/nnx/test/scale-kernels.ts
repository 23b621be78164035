/** @file Initial weights that are too large. */
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "../src/index.ts";

/** Multiplies all kernels, as an initializer with a standard deviation of 1 would. */
export function scaleKernels(model: object): void {
  for (const [path, node] of nnx.iterNodes(model))
    if (node instanceof nnx.Param && path.at(-1) === "kernel") {
      const kernel = node as nnx.Param<tf.Tensor>;
      const { size, shape } = kernel.value;
      kernel.value = tf.mul(kernel.value, Math.sqrt(size / shape.at(-1)!));
    }
}
