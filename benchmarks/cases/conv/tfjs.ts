/** @file The convolutional net with tensorflow.js alone. */
import * as tf from "@tensorflow/tfjs-core";
import { integers } from "../../peers/numbers.ts";
import type { Run, Runs } from "../../peers/run.ts";
import { crossEntropy, dense, tensorOf, trainer, variable } from "../../peers/stock.ts";
import { CONV, IMAGES, LABELS, SHAPES } from "./shared.ts";

function make(): Run {
  const x = tensorOf<tf.Tensor4D>("conv.x", IMAGES);
  const rows = tf.oneHot(tf.tensor1d(integers("conv.labels", LABELS, 10), "int32"), 10);
  const of = <T extends tf.Tensor>(path: keyof typeof SHAPES): T => variable<T>(path, SHAPES[path]);
  const [kernel1, bias1] = [of<tf.Tensor4D>("conv1.kernel"), of("conv1.bias")];
  const [kernel2, bias2] = [of<tf.Tensor4D>("conv2.kernel"), of("conv2.bias")];
  const [kernel, bias] = [of("out.kernel"), of("out.bias")];
  const block = (h: tf.Tensor4D, k: tf.Tensor4D, b: tf.Tensor): tf.Tensor4D =>
    tf.maxPool(tf.relu(tf.add<tf.Tensor4D>(tf.conv2d(h, k, 1, "same"), b)), 2, 2, "valid");
  const step = trainer(() => {
    const h = block(block(x, kernel1, bias1), kernel2, bias2);
    return crossEntropy(dense(tf.reshape(h, [IMAGES[0], 1568]), kernel, bias), rows);
  });
  return { step };
}

export const runs: Runs = { [CONV]: make };
