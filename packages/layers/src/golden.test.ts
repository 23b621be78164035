import { initializers, Rngs, type RngStream } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { readGolden } from "../../../scripts/golden.ts";
import { onEachBackend } from "../../../scripts/use-backend.ts";
import { expectCase, expectGradients, expectLayer } from "../test/golden.ts";
import * as nnx from "./index.ts";

type Layer = Parameters<typeof expectCase>[1] extends () => infer M ? M : never;
type Forward = { forward(x: tf.Tensor): unknown };

interface Entry {
  readonly make: () => Layer;
  readonly call?: (layer: never, ...inputs: tf.Tensor[]) => unknown;
  /** See `expectGradients`. */
  readonly rounding?: number;
}

const rngs = () => new Rngs(0);
const bias = { biasInit: initializers.normal(1) };
const conv = (...args: [number, number, number | number[], Omit<nnx.ConvOptions, "rngs">?]): Entry => ({
  make: () => new nnx.Conv(args[0], args[1], args[2], { rngs: rngs(), ...bias, ...args[3] }),
});
const transposed = (
  ...args: [number, number, number | number[], Omit<nnx.ConvTransposeOptions, "rngs">]
): Entry => ({
  make: () => new nnx.ConvTranspose(args[0], args[1], args[2], { rngs: rngs(), ...bias, ...args[3] }),
});
const attention =
  (heads: number, features: number, options: Omit<nnx.MultiHeadAttentionOptions, "rngs">) => () =>
    new nnx.MultiHeadAttention(heads, features, {
      rngs: new Rngs(0, { dropout: 1 }),
      decode: false,
      deterministic: false,
      ...bias,
      ...options,
    });

/** A GRU that drops part of its input. Its paths are those of the reference. */
class Cell extends nnx.RNNCellBase<tf.Tensor> {
  readonly drop: nnx.Dropout = new nnx.Dropout(0.5, { rngs: new Rngs({ dropout: 3 }) });
  readonly cell: nnx.GRUCell = new nnx.GRUCell(2, 3, { rngs: rngs() });
  forward(carry: tf.Tensor, x: tf.Tensor): [tf.Tensor, tf.Tensor] {
    return this.cell.forward(carry, this.drop.forward(x));
  }
  initializeCarry(shape: readonly number[], options: { rngs?: Rngs | RngStream | null }): tf.Tensor {
    return this.cell.initializeCarry(shape, options);
  }
  get numFeatureAxes(): number {
    return 1;
  }
}

const bools = (values: number[], shape: number[]) => tf.tensor(values, shape, "bool");

/**
 * The squared sum of normalised outputs hardly depends on the input. Its gradient is the rounding
 * error of large terms.
 */
const CANCELLING = 2e-6;

const table: Readonly<Record<string, Entry>> = {
  Conv3d: conv(2, 3, [2, 3, 2]),
  Conv3d_strides_dilation: conv(2, 2, [2, 2, 2], { strides: 2, kernelDilation: [2, 1, 2] }),
  Conv2d_depthwise: conv(3, 6, [3, 2], { featureGroupCount: 3, strides: [1, 2] }),
  Conv2d_input_dilation: conv(2, 3, [3, 3], { inputDilation: [2, 3], padding: [[2, 1], 1] }),
  Conv2d_negative_padding: conv(2, 2, [2, 2], {
    padding: [
      [-1, 1],
      [2, -2],
    ],
    strides: 2,
  }),
  Conv2d_reflect_even: conv(1, 2, [4, 3], { padding: "REFLECT", kernelDilation: [1, 2] }),
  Conv2d_batch_dims: conv(2, 3, [3, 3]),
  ConvTranspose1d_dilation_valid: transposed(2, 3, 3, { strides: 3, kernelDilation: 2, padding: "VALID" }),
  ConvTranspose2d_pairs: transposed(2, 2, [3, 2], {
    strides: [2, 1],
    padding: [
      [1, 2],
      [0, 1],
    ],
  }),
  ConvTranspose2d_circular_transpose_kernel: transposed(2, 2, [4, 3], {
    strides: 2,
    padding: "CIRCULAR",
    transposeKernel: true,
  }),
  ConvTranspose3d: transposed(1, 2, [2, 2, 3], { strides: 2 }),
  BatchNorm_axis1_slow_mask: {
    make: () => new nnx.BatchNorm(3, { axis: 1, useFastVariance: false, rngs: rngs(), ...bias }),
    call: (m: nnx.BatchNorm, x) => m.forward(x!, { mask: bools([1, 0, 1, 1], [4, 1, 1]) }),
  },
  LayerNorm_axes: {
    make: () => new nnx.LayerNorm(6, { reductionAxes: [1, 2], featureAxes: [1, 2], rngs: rngs(), ...bias }),
  },
  GroupNorm_mask: {
    make: () => new nnx.GroupNorm(4, 2, { rngs: rngs(), ...bias }),
    call: (m: nnx.GroupNorm, x) => m.forward(x!, { mask: bools([1, 1, 0, 0, 1, 1], [2, 3, 1]) }),
  },
  InstanceNorm_axis1: {
    make: () => new nnx.InstanceNorm(3, { featureAxes: 1, rngs: rngs(), ...bias }),
    rounding: CANCELLING,
  },
  WeightNorm_conv: {
    make: () =>
      new nnx.WeightNorm<[tf.Tensor]>(new nnx.Conv(2, 3, [3], { rngs: rngs() }), {
        featureAxes: [1, 2],
        rngs: rngs(),
      }),
  },
  SpectralNorm_conv_3_steps: {
    make: () => new nnx.SpectralNorm(new nnx.Conv(2, 3, [3], { rngs: rngs() }), { nSteps: 3, rngs: rngs() }),
  },
  MHA_dropout: { make: attention(2, 4, { dropoutRate: 0.4 }) },
  MHA_dropout_each_head: {
    make: attention(4, 8, {
      numKvHeads: 2,
      qkvFeatures: 16,
      outFeatures: 3,
      dropoutRate: 0.4,
      broadcastDropout: false,
    }),
  },
  MHA_key_value: {
    make: attention(2, 4, { inKvFeatures: 5 }),
    call: (m: nnx.MultiHeadAttention, q, k, v) => m.forward(q!, k!, v!),
  },
  dot_product_attention_gqa_bias: {
    make: () => new nnx.Sequential(),
    call: (_: Layer, q, k, v, b) => {
      const mask = tf.tensor([1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0], [1, 1, 3, 5]);
      return nnx.dotProductAttention(q!, k!, v!, { bias: b!, mask });
    },
  },
  RNN_dropout: { make: () => new nnx.RNN(new Cell()) },
  RNN_dropout_broadcast: { make: () => new nnx.RNN(new Cell(), { broadcastRngs: "dropout" }) },
  RNN_reverse_lengths_carry: {
    make: () =>
      new nnx.RNN(new nnx.OptimizedLSTMCell(2, 3, { rngs: rngs(), ...bias }), {
        reverse: true,
        returnCarry: true,
      }),
    call: (m: nnx.RNN<nnx.LSTMCarry, true>, x) => m.forward(x!, { seqLengths: [2, 4] }),
  },
  RNN_time_major_reverse_keep: {
    make: () =>
      new nnx.RNN(new nnx.SimpleCell(2, 3, { rngs: rngs(), ...bias }), {
        timeMajor: true,
        reverse: true,
        keepOrder: true,
      }),
    call: (m: nnx.RNN<tf.Tensor>, x) => m.forward(x!, { seqLengths: [3, 4] }),
  },
  LoRA_alone: { make: () => new nnx.LoRA(3, 2, 4, { rngs: rngs(), bInitializer: initializers.normal(1) }) },
};

it("has an entry for every case", () => {
  const { cases } = readGolden<{ cases: Record<string, unknown> }>("layers");
  expect(Object.keys(table).sort()).toEqual(Object.keys(cases).sort());
});

onEachBackend("Dropout", () => {
  it("equals Flax's, mask by mask", () => {
    const dropout = (rate: number, options: nnx.DropoutOptions = {}) =>
      new nnx.Dropout(rate, { ...options, rngs: new Rngs({ dropout: 0 }) });
    expectLayer("Dropout_0.5", dropout(0.5), (m, x) => m.forward(x!));
    expectLayer("Dropout_0.3_broadcast0", dropout(0.3, { broadcastDims: [0] }), (m, x) => m.forward(x!));
    expectGradients("Dropout_0.5", dropout(0.5), (m, x) => m.forward(x));
  });
});

onEachBackend("further cases of Flax", () => {
  it.each(Object.entries(table))("%s", (name, { make, call, rounding }) => {
    const forward = (layer: Layer, x: tf.Tensor): unknown => (layer as unknown as Forward).forward(x);
    expectCase(name, make, (call ?? forward) as (layer: Layer, ...inputs: tf.Tensor[]) => unknown, rounding);
  });
});
