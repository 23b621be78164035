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
  /** Makes the same layer every time. */
  readonly make: () => LayerUnderTest;
  readonly input: () => tf.Tensor;
  readonly output: readonly number[];
  /** The modes that `setMode` accepts. */
  readonly modes?: readonly string[];
  /** Whether `forward` changes the layer's state while it evaluates. */
  readonly changesInEval?: true;
  /** The reason why the gradient is not the derivative of `forward`. */
  readonly notSmooth?: string;
}

const streams = () => new Rngs({ params: 0, dropout: 1, dropconnect: 2, carry: 3 });
const normal =
  (...shape: number[]) =>
  (): tf.Tensor =>
    random.normal(random.key(7), shape);
const nonzero = { biasInit: initializers.normal(1) };
const linear = () => new nnx.Linear(3, 4, { rngs: streams(), ...nonzero });
const conv = () => new nnx.Conv(2, 3, [3, 3], { rngs: streams(), ...nonzero });
const gelu: (x: tf.Tensor) => tf.Tensor = nnx.gelu;
const row = normal(5, 3);
const image = normal(2, 4, 5, 2);

/** Every layer of this package. */
export const layerTable: readonly LayerEntry[] = [
  { name: "Linear", make: linear, input: row, output: [5, 4] },
  {
    name: "LinearGeneral",
    make: () => new nnx.LinearGeneral([2, 3], [2, 2], { axis: [-2, -1], rngs: streams(), ...nonzero }),
    input: normal(5, 2, 3),
    output: [5, 2, 2],
  },
  {
    name: "LinearGeneral with batch axes",
    make: () => new nnx.LinearGeneral(3, 4, { batchAxis: { 0: 2 }, rngs: streams(), ...nonzero }),
    input: normal(2, 5, 3),
    output: [2, 5, 4],
  },
  {
    name: "Einsum",
    make: () => new nnx.Einsum("nta,hab->nthb", [2, 3, 4], [2, 4], { rngs: streams(), ...nonzero }),
    input: normal(2, 5, 3),
    output: [2, 5, 2, 4],
  },
  {
    name: "Embed",
    make: () => new nnx.Embed(6, 3, { rngs: streams() }),
    input: () => tf.tensor2d([0, 5, -1, 2, 2, 2], [2, 3], "int32"),
    output: [2, 3, 3],
  },
  { name: "Conv", make: conv, input: image, output: [2, 4, 5, 3] },
  {
    name: "Conv over one axis",
    make: () =>
      new nnx.Conv(2, 3, 3, { padding: "CIRCULAR", kernelDilation: 2, rngs: streams(), ...nonzero }),
    input: normal(2, 6, 2),
    output: [2, 6, 3],
  },
  {
    name: "Conv over three axes",
    make: () => new nnx.Conv(2, 2, [2, 2, 2], { strides: 2, rngs: streams(), ...nonzero }),
    input: normal(1, 3, 4, 3, 2),
    output: [1, 2, 2, 2, 2],
  },
  {
    name: "ConvTranspose",
    make: () => new nnx.ConvTranspose(2, 3, [3, 3], { strides: 2, rngs: streams(), ...nonzero }),
    input: normal(2, 2, 3, 2),
    output: [2, 4, 6, 3],
  },
  {
    name: "BatchNorm",
    make: () => new nnx.BatchNorm(3, { rngs: streams(), ...nonzero }),
    input: row,
    output: [5, 3],
    modes: ["useRunningAverage"],
  },
  {
    name: "LayerNorm",
    make: () => new nnx.LayerNorm(3, { rngs: streams(), ...nonzero }),
    input: row,
    output: [5, 3],
  },
  { name: "RMSNorm", make: () => new nnx.RMSNorm(3, { rngs: streams() }), input: row, output: [5, 3] },
  {
    name: "GroupNorm",
    make: () => new nnx.GroupNorm(4, 2, { rngs: streams(), ...nonzero }),
    input: normal(2, 3, 4),
    output: [2, 3, 4],
  },
  {
    name: "InstanceNorm",
    make: () => new nnx.InstanceNorm(2, { rngs: streams(), ...nonzero }),
    input: image,
    output: [2, 4, 5, 2],
  },
  {
    name: "WeightNorm",
    make: () => new nnx.WeightNorm<[tf.Tensor]>(linear(), { rngs: streams() }),
    input: row,
    output: [5, 4],
  },
  {
    name: "SpectralNorm",
    make: () => new nnx.SpectralNorm(linear(), { rngs: streams() }),
    input: row,
    output: [5, 4],
    modes: ["useRunningAverage"],
    changesInEval: true,
    notSmooth: "the vectors of the power iteration are constants to the gradient",
  },
  {
    name: "Dropout",
    make: () => new nnx.Dropout(0.5, { rngs: streams() }),
    input: row,
    output: [5, 3],
    modes: ["deterministic"],
  },
  {
    name: "DropConnectLinear",
    make: () => new nnx.DropConnectLinear(linear(), 0.25, { rngs: streams() }),
    input: row,
    output: [5, 4],
    modes: ["deterministic"],
  },
  {
    name: "DropConnectConv",
    make: () => new nnx.DropConnectConv(conv(), 0.25, { rngs: streams() }),
    input: image,
    output: [2, 4, 5, 3],
    modes: ["deterministic"],
  },
  { name: "PReLU", make: () => new nnx.PReLU(0.3), input: row, output: [5, 3] },
  {
    name: "LoRA",
    make: () =>
      new nnx.LoRA(3, 2, 4, { baseModule: linear(), bInitializer: initializers.ones, rngs: streams() }),
    input: row,
    output: [5, 4],
  },
  {
    name: "LoRALinear",
    make: () => new nnx.LoRALinear(3, 4, { loraRank: 2, bInitializer: initializers.ones, rngs: streams() }),
    input: row,
    output: [5, 4],
  },
  {
    name: "Sequential",
    make: () =>
      new nnx.Sequential<[tf.Tensor], tf.Tensor>(linear(), gelu, new nnx.LayerNorm(4, { rngs: streams() })),
    input: row,
    output: [5, 4],
  },
  {
    name: "MultiHeadAttention",
    make: () =>
      new nnx.MultiHeadAttention(4, 8, {
        numKvHeads: 2,
        normalizeQk: true,
        dropoutRate: 0.3,
        deterministic: false,
        decode: false,
        rngs: streams(),
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
        () => new nnx.RNN(new nnx.SimpleCell(2, 3, { residual: true, rngs: streams(), ...nonzero })),
      ],
      [
        "GRUCell",
        () => new nnx.RNN(new nnx.GRUCell(2, 3, { rngs: streams(), ...nonzero }), { reverse: true }),
      ],
      ["LSTMCell", () => new nnx.RNN(new nnx.LSTMCell(2, 3, { rngs: streams(), ...nonzero }))],
      [
        "OptimizedLSTMCell",
        () => new nnx.RNN(new nnx.OptimizedLSTMCell(2, 3, { rngs: streams(), ...nonzero })),
      ],
    ] as const
  ).map(([cell, make]) => ({
    name: `RNN of ${cell}`,
    make: make as () => LayerUnderTest,
    input: normal(2, 4, 2),
    output: [2, 4, 3],
    changesInEval: true as const,
  })),
  {
    name: "Bidirectional",
    make: () =>
      new nnx.Bidirectional(
        new nnx.RNN(new nnx.GRUCell(2, 3, { rngs: streams(), ...nonzero })),
        new nnx.RNN(new nnx.LSTMCell(2, 3, { rngs: streams(), ...nonzero })),
      ),
    input: normal(2, 4, 2),
    output: [2, 4, 6],
    changesInEval: true,
  },
];
