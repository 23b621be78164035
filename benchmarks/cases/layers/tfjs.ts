/** @file The layers by operations of tensorflow.js. */
import * as tf from "@tensorflow/tfjs-core";
import { integers, weights } from "../../peers/numbers.ts";
import type { Run, Runs } from "../../peers/run.ts";
import { attention, dense, gelu, layerNorm, tensorOf, valueAndGradients } from "../../peers/stock.ts";
import { DIVISOR, isRandom, LAYERS, type LayerName, names, weightsOfOutputs } from "./shared.ts";

type X = tf.Tensor;
type X4 = tf.Tensor4D;

function batchNorm(x: X, scale: X, bias: X): X {
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  return tf.batchNorm(
    x,
    mean as tf.Tensor1D,
    variance as tf.Tensor1D,
    bias as tf.Tensor1D,
    scale as tf.Tensor1D,
    1e-5,
  );
}

/** The layers as functions of inputs and parameters. */
const LAYER: Readonly<Record<LayerName, (...args: X[]) => X>> = {
  Linear: (x, kernel, bias) => dense(x!, kernel!, bias!),
  "Conv 3×3": (x, kernel, bias) => tf.add(tf.conv2d(x as X4, kernel as X4, 1, "same"), bias!),
  depthwise: (x, kernel, bias) =>
    tf.add(tf.depthwiseConv2d(x as X4, tf.transpose(kernel as X4, [0, 1, 3, 2]), 1, "same"), bias!),
  ConvTranspose: (x, kernel, bias) =>
    tf.add(tf.conv2dTranspose(x as X4, kernel as X4, [8, 28, 28, 16], 2, "same"), bias!),
  maxPool: (x) => tf.maxPool(x as X4, 2, 2, "valid"),
  avgPool: (x) => tf.avgPool(x as X4, 2, 2, "valid"),
  BatchNorm: (x, scale, bias) => batchNorm(x!, scale!, bias!),
  LayerNorm: (x, scale, bias) => layerNorm(x!, scale!, bias!),
  softmax: (x) => tf.softmax(x!),
  logSoftmax: (x) => tf.logSoftmax(x!),
  relu: (x) => tf.relu(x!),
  tanh: (x) => tf.tanh(x!),
  gelu: (x) => gelu(x!),
  silu: (x) => tf.mul(x!, tf.sigmoid(x!)),
  Dropout: (x) => tf.dropout(x!, 0.5),
  attention: (query, key, value) => attention(query!, key!, value!),
  Embed: (embedding) => tf.gather(embedding!, ids()),
};

let drawn: tf.Tensor | undefined;
const ids = (): tf.Tensor =>
  (drawn ??= tf.keep(tf.tensor(integers("Embed.ids", LAYERS.Embed.inputs.ids, 1000), [8, 64], "int32")));

function make(name: LayerName): Run {
  const { inputs, parameters }: { inputs: object; parameters: object } = LAYERS[name];
  const given = Object.entries(inputs) as [string, readonly number[]][];
  const learned = Object.entries(parameters) as [string, readonly number[]][];
  const args = [
    ...given
      .filter(([input]) => input !== "ids")
      .map(([input, shape]) => tensorOf(`${name}.${input}`, shape)),
    ...learned.map(([path, shape]) => tf.tensor(weights(`${name}.${path}`, shape), [...shape])),
  ];
  const forward = LAYER[name];
  const out = tf.tidy(() => forward(...args).shape);
  const factors = tensorOf(weightsOfOutputs(name), out);
  const run = valueAndGradients((...xs) => tf.div(tf.sum(tf.mul(forward(...xs), factors)), DIVISOR), args);
  return isRandom(name) ? { ...run, check: () => [] } : run;
}

export const runs: Runs = Object.fromEntries(names.map((name) => [name, () => make(name)]));
