/** @file The layers by functions of jax-js, jitted. Images have their channels first. */
import { lax, nn, numpy as np, random, tree } from "@jax-js/jax";
import {
  type Arrays,
  arrayOf,
  attention,
  layerNorm,
  parameter,
  valueAndGradients,
} from "../../peers/jax-js.ts";
import { integers } from "../../peers/numbers.ts";
import type { Run, Runs } from "../../peers/run.ts";
import { DIVISOR, isRandom, LAYERS, type LayerName, names, weightsOfOutputs } from "./shared.ts";

const perChannel = (bias: np.Array): np.Array => np.reshape(bias, [-1, 1, 1]);
const pool = (x: np.Array, of: (w: np.Array) => np.Array): np.Array =>
  lax.reduceWindow(x, of, [2, 2], [2, 2]);

function batchNorm({ x, scale, bias }: Arrays): np.Array {
  const over = { keepdims: true };
  const centred = x!.ref.sub(np.mean(x!, [0, 2, 3], over));
  const variance = np.mean(np.square(centred.ref), [0, 2, 3], over);
  return centred
    .div(np.sqrt(variance.add(1e-5)))
    .mul(perChannel(scale!))
    .add(perChannel(bias!));
}

/** The layers as functions of inputs and parameters. */
const LAYER: Readonly<Record<LayerName, (args: Arrays) => np.Array>> = {
  Linear: ({ x, kernel, bias }) => np.matmul(x!, kernel!).add(bias!),
  "Conv 3×3": ({ x, kernel, bias }) =>
    lax.convGeneralDilated(x!, kernel!, [1, 1], "SAME").add(perChannel(bias!)),
  depthwise: ({ x, kernel, bias }) =>
    lax.convGeneralDilated(x!, kernel!, [1, 1], "SAME", { featureGroupCount: 32 }).add(perChannel(bias!)),
  ConvTranspose: ({ x, kernel, bias }) =>
    lax.convTranspose(x!, kernel!, [2, 2], "SAME", { transposeKernel: true }).add(perChannel(bias!)),
  maxPool: ({ x }) => pool(x!, (w) => np.max(w)),
  avgPool: ({ x }) => pool(x!, (w) => np.mean(w)),
  BatchNorm: batchNorm,
  LayerNorm: ({ x, scale, bias }) => layerNorm(x!, scale!, bias!),
  softmax: ({ x }) => nn.softmax(x!),
  logSoftmax: ({ x }) => nn.logSoftmax(x!),
  relu: ({ x }) => nn.relu(x!),
  tanh: ({ x }) => np.tanh(x!),
  gelu: ({ x }) => nn.gelu(x!),
  silu: ({ x }) => nn.silu(x!),
  Dropout: ({ x }) => {
    const { shape } = x!;
    return np.where(random.bernoulli(random.key(0), 0.5, shape), x!.mul(2), 0);
  },
  attention: ({ query, key, value }) => attention(query!, key!, value!),
  Embed: ({ embedding }) => np.take(embedding!, np.array(integers("Embed.ids", [512], 1000)), 0),
};

/** Images `[batch, height, width, channels]` with their channels first. */
const channelsFirst = (x: np.Array): np.Array => np.transpose(x, [0, 3, 1, 2]);
/** Filters `[height, width, in, out]` as `[out, in, height, width]`. */
const filters = (kernel: np.Array): np.Array => np.transpose(kernel, [3, 2, 0, 1]);
const isImage = (shape: readonly number[]): boolean => shape.length === 4 && shape[1] === shape[2];

function make(name: LayerName): Run {
  const { inputs, parameters }: { inputs: object; parameters: object } = LAYERS[name];
  const args: Arrays = {};
  for (const [input, shape] of Object.entries(inputs) as [string, readonly number[]][]) {
    if (input === "ids") continue;
    const x = arrayOf(`${name}.${input}`, shape);
    args[input] = isImage(shape) ? channelsFirst(x) : x;
  }
  for (const [path, shape] of Object.entries(parameters) as [string, readonly number[]][]) {
    const x = parameter(`${name}.${path}`, shape);
    args[path] = shape.length === 4 ? filters(x) : x;
  }
  const forward = LAYER[name];
  const image = args.x?.shape.length === 4;
  const { shape } = forward(tree.ref<Arrays>(args));
  const named = image ? [shape[0]!, shape[2]!, shape[3]!, shape[1]!] : shape;
  const given = arrayOf(weightsOfOutputs(name), named);
  const factors = image ? channelsFirst(given) : given;
  const run = valueAndGradients((xs) => np.sum(forward(xs).mul(factors.ref)).div(DIVISOR), args);
  return isRandom(name) ? { ...run, check: () => [] } : run;
}

export const runs: Runs = Object.fromEntries(names.map((name) => [name, () => make(name)]));
