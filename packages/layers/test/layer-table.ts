/** @file One case for each layer, for laws that all layers obey. */
import type { Module } from "@nnxjs/nnx-core";
import { initializers, random, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "../src/index.ts";

/** A layer with one input. */
export type LayerUnderTest = Module & { forward(x: tf.Tensor): unknown };

/** A layer with an input, and facts about it. */
export interface LayerEntry {
  readonly name: string;
  /** Makes the same layer every time, or another one for each seed. */
  readonly make: (seed?: number) => LayerUnderTest;
  readonly input: () => tf.Tensor;
  readonly output: readonly number[];
  /** The modes that `setMode` accepts. */
  readonly modes?: readonly string[];
  /** Whether `forward` changes the layer's state while it evaluates. */
  readonly changesInEval?: true;
  /** The reason why the gradient is not the derivative of `forward`. */
  readonly notSmooth?: string;
}

const streams = (seed = 0) =>
  new Rngs({ params: seed, dropout: seed + 1, dropconnect: seed + 2, carry: seed + 3 });
const normal =
  (...shape: number[]) =>
  (): tf.Tensor =>
    random.normal(random.key(7), shape);
const nonzero = { biasInit: initializers.normal(1) };
const linear = (seed?: number) => new nnx.Linear(3, 4, { rngs: streams(seed), ...nonzero });
const conv = (seed?: number) => new nnx.Conv(2, 3, [3, 3], { rngs: streams(seed), ...nonzero });
const gelu: (x: tf.Tensor) => tf.Tensor = nnx.gelu;
const row = normal(5, 3);
const image = normal(2, 4, 5, 2);

/** Every layer of this package. */
export const layerTable: readonly LayerEntry[] = [
  { name: "Linear", make: linear, input: row, output: [5, 4] },
  {
    name: "LinearGeneral",
    make: (seed) =>
      new nnx.LinearGeneral([2, 3], [2, 2], { axis: [-2, -1], rngs: streams(seed), ...nonzero }),
    input: normal(5, 2, 3),
    output: [5, 2, 2],
  },
  {
    name: "LinearGeneral with batch axes",
    make: (seed) => new nnx.LinearGeneral(3, 4, { batchAxis: { 0: 2 }, rngs: streams(seed), ...nonzero }),
    input: normal(2, 5, 3),
    output: [2, 5, 4],
  },
  {
    name: "Einsum",
    make: (seed) => new nnx.Einsum("nta,hab->nthb", [2, 3, 4], [2, 4], { rngs: streams(seed), ...nonzero }),
    input: normal(2, 5, 3),
    output: [2, 5, 2, 4],
  },
  {
    name: "Embed",
    make: (seed) => new nnx.Embed(6, 3, { rngs: streams(seed) }),
    input: () => tf.tensor2d([0, 5, -1, 2, 2, 2], [2, 3], "int32"),
    output: [2, 3, 3],
  },
  { name: "Conv", make: conv, input: image, output: [2, 4, 5, 3] },
  {
    name: "Conv over one axis",
    make: (seed) =>
      new nnx.Conv(2, 3, 3, { padding: "CIRCULAR", kernelDilation: 2, rngs: streams(seed), ...nonzero }),
    input: normal(2, 6, 2),
    output: [2, 6, 3],
  },
  {
    name: "Conv over three axes",
    make: (seed) => new nnx.Conv(2, 2, [2, 2, 2], { strides: 2, rngs: streams(seed), ...nonzero }),
    input: normal(1, 3, 4, 3, 2),
    output: [1, 2, 2, 2, 2],
  },
  {
    name: "ConvTranspose",
    make: (seed) => new nnx.ConvTranspose(2, 3, [3, 3], { strides: 2, rngs: streams(seed), ...nonzero }),
    input: normal(2, 2, 3, 2),
    output: [2, 4, 6, 3],
  },
  {
    name: "BatchNorm",
    make: (seed) => new nnx.BatchNorm(3, { rngs: streams(seed), ...nonzero }),
    input: row,
    output: [5, 3],
    modes: ["useRunningAverage"],
  },
  {
    name: "LayerNorm",
    make: (seed) => new nnx.LayerNorm(3, { rngs: streams(seed), ...nonzero }),
    input: row,
    output: [5, 3],
  },
  {
    name: "RMSNorm",
    make: (seed) => new nnx.RMSNorm(3, { rngs: streams(seed) }),
    input: row,
    output: [5, 3],
  },
  {
    name: "GroupNorm",
    make: (seed) => new nnx.GroupNorm(4, 2, { rngs: streams(seed), ...nonzero }),
    input: normal(2, 3, 4),
    output: [2, 3, 4],
  },
  {
    name: "InstanceNorm",
    make: (seed) => new nnx.InstanceNorm(2, { rngs: streams(seed), ...nonzero }),
    input: image,
    output: [2, 4, 5, 2],
  },
  {
    name: "WeightNorm",
    make: (seed) => new nnx.WeightNorm<[tf.Tensor]>(linear(seed), { rngs: streams(seed) }),
    input: row,
    output: [5, 4],
  },
  {
    name: "SpectralNorm",
    make: (seed) => new nnx.SpectralNorm(linear(seed), { rngs: streams(seed) }),
    input: row,
    output: [5, 4],
    modes: ["useRunningAverage"],
    changesInEval: true,
    notSmooth: "the vectors of the power iteration are constants to the gradient",
  },
  {
    name: "Dropout",
    make: (seed) => new nnx.Dropout(0.5, { rngs: streams(seed) }),
    input: row,
    output: [5, 3],
    modes: ["deterministic"],
  },
  {
    name: "DropConnectLinear",
    make: (seed) => new nnx.DropConnectLinear(linear(seed), 0.25, { rngs: streams(seed) }),
    input: row,
    output: [5, 4],
    modes: ["deterministic"],
  },
  {
    name: "DropConnectConv",
    make: (seed) => new nnx.DropConnectConv(conv(seed), 0.25, { rngs: streams(seed) }),
    input: image,
    output: [2, 4, 5, 3],
    modes: ["deterministic"],
  },
  { name: "PReLU", make: () => new nnx.PReLU(0.3), input: row, output: [5, 3] },
  {
    name: "LoRA",
    make: (seed) =>
      new nnx.LoRA(3, 2, 4, {
        baseModule: linear(seed),
        bInitializer: initializers.ones,
        rngs: streams(seed),
      }),
    input: row,
    output: [5, 4],
  },
  {
    name: "LoRALinear",
    make: (seed) =>
      new nnx.LoRALinear(3, 4, { loraRank: 2, bInitializer: initializers.ones, rngs: streams(seed) }),
    input: row,
    output: [5, 4],
  },
  {
    name: "Sequential",
    make: (seed) =>
      new nnx.Sequential<[tf.Tensor], tf.Tensor>(
        linear(seed),
        gelu,
        new nnx.LayerNorm(4, { rngs: streams(seed) }),
      ),
    input: row,
    output: [5, 4],
  },
  {
    name: "MultiHeadAttention",
    make: (seed) =>
      new nnx.MultiHeadAttention(4, 8, {
        numKvHeads: 2,
        normalizeQk: true,
        dropoutRate: 0.3,
        deterministic: false,
        decode: false,
        rngs: streams(seed),
        ...nonzero,
      }),
    input: normal(2, 3, 8),
    output: [2, 3, 8],
    modes: ["deterministic", "decode"],
  },
  ...(
    [
      [
        "SimpleCell",
        (seed?: number) =>
          new nnx.RNN(new nnx.SimpleCell(2, 3, { residual: true, rngs: streams(seed), ...nonzero })),
      ],
      [
        "GRUCell",
        (seed?: number) =>
          new nnx.RNN(new nnx.GRUCell(2, 3, { rngs: streams(seed), ...nonzero }), { reverse: true }),
      ],
      [
        "LSTMCell",
        (seed?: number) => new nnx.RNN(new nnx.LSTMCell(2, 3, { rngs: streams(seed), ...nonzero })),
      ],
      [
        "OptimizedLSTMCell",
        (seed?: number) => new nnx.RNN(new nnx.OptimizedLSTMCell(2, 3, { rngs: streams(seed), ...nonzero })),
      ],
    ] as const
  ).map(([cell, make]) => ({
    name: `RNN of ${cell}`,
    make: make as LayerEntry["make"],
    input: normal(2, 4, 2),
    output: [2, 4, 3],
    changesInEval: true as const,
  })),
  {
    name: "Bidirectional",
    make: (seed) =>
      new nnx.Bidirectional(
        new nnx.RNN(new nnx.GRUCell(2, 3, { rngs: streams(seed), ...nonzero })),
        new nnx.RNN(new nnx.LSTMCell(2, 3, { rngs: streams(seed), ...nonzero })),
      ),
    input: normal(2, 4, 2),
    output: [2, 4, 6],
    changesInEval: true,
  },
];
