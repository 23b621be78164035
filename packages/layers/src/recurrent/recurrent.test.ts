import { flattenState, Param, state, withTag } from "@nnxjs/nnx-core";
import { initializers, random, Rngs, RngStream } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, expectTypeOf, it } from "vitest";
import { relativeError } from "../../../../scripts/golden.ts";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import {
  expectGradients,
  expectLayer,
  expectOutput,
  goldenCase,
  goldenTensor,
  type LayerCase,
} from "../../test/golden.ts";
import {
  Bidirectional,
  Dropout,
  flipSequences,
  GRUCell,
  type LSTMCarry,
  LSTMCell,
  OptimizedLSTMCell,
  relu,
  RNN,
  RNNCellBase,
  SimpleCell,
} from "../index.ts";

const rngs = (seed = 0) => new Rngs(seed);
const gru = (seed = 0) => new GRUCell(2, 3, { rngs: rngs(seed) });
const lstm = () => new LSTMCell(2, 3, { rngs: rngs() });
const x = () => random.normal(random.key(1), [2, 4, 2]);
const values = (t: tf.Tensor): number[] => [...t.dataSync()];
const close = (a: tf.Tensor, b: tf.Tensor) => {
  expect(a.shape).toEqual(b.shape);
  expect(relativeError(a.dataSync(), b.dataSync())).toBeLessThan(1e-6);
};

onEachBackend("recurrent layers", () => {
  it("cells equal Flax's", () => {
    const pair = (): LSTMCarry => [tf.fill([2, 3], 0.1), tf.fill([2, 3], 0.2)];
    const one = () => tf.fill([2, 3], 0.2);
    expectLayer("LSTMCell", lstm(), (m, v) => m.forward(pair(), v!));
    expectLayer("OptimizedLSTMCell", new OptimizedLSTMCell(2, 3, { rngs: rngs() }), (m, v) =>
      m.forward(pair(), v!),
    );
    expectLayer("GRUCell", gru(), (m, v) => m.forward(one(), v!));
    expectLayer("SimpleCell", new SimpleCell(2, 3, { rngs: rngs() }), (m, v) => m.forward(one(), v!));
    expectLayer("SimpleCell_residual", new SimpleCell(2, 3, { residual: true, rngs: rngs() }), (m, v) =>
      m.forward(one(), v!),
    );
  });

  it("RNN and Bidirectional equal Flax's, with what they draw", () => {
    expectLayer("RNN_gru", new RNN(gru()), (m, v) => m.forward(v!));
    expectLayer("RNN_gru_reverse_keep_order", new RNN(gru(), { reverse: true, keepOrder: true }), (m, v) =>
      m.forward(v!),
    );
    expectLayer("RNN_lstm_seq_lengths_return_carry", new RNN(lstm(), { returnCarry: true }), (m, v) =>
      m.forward(v!, { seqLengths: tf.tensor1d([2, 4], "int32") }),
    );
    expectLayer("RNN_time_major", new RNN(gru(), { timeMajor: true }), (m, v) => m.forward(v!));
    expectLayer("Bidirectional_gru", new Bidirectional(new RNN(gru()), new RNN(gru(1))), (m, v) =>
      m.forward(v!),
    );
  });

  it("have Flax's gradients", () => {
    expectGradients("RNN_gru", new RNN(gru()), (m, v) => m.forward(v));
    expectGradients("RNN_lstm", new RNN(lstm()), (m, v) => m.forward(v));
  });

  it("flipSequences equals Flax's, int32 too", () => {
    const golden = goldenCase<LayerCase>("flip_sequences_lengths_1_2_3");
    const triangle = goldenTensor(golden.inputs[0]!);
    const flipped = flipSequences(triangle, { seqLengths: [1, 2, 3], numBatchDims: 1 });
    expect(flipped.dtype).toBe("int32");
    expectOutput(flipped, golden.output);
    const wanted = values(flipped);
    const turned = flipSequences(tf.transpose(triangle), {
      seqLengths: [1, 2, 3],
      numBatchDims: 1,
      timeMajor: true,
    });
    expect(values(tf.transpose(turned))).toEqual(wanted);
    expect(values(flipSequences(triangle, { numBatchDims: 1 }))).toEqual([0, 0, 1, 0, 3, 2, 6, 5, 4]);
    expect(
      values(flipSequences(tf.tensor2d([[1, 2, 3, 7, 8]]), { seqLengths: [3], numBatchDims: 1 })),
    ).toEqual([3, 2, 1, 8, 7]);
  });
});

describe("cells", () => {
  it("LSTM cells with the same weights agree", () => {
    const [each, all] = [lstm(), new OptimizedLSTMCell(2, 3, { rngs: rngs() })];
    all.dense_i.kernel.value = tf.concat(
      [each.ii, each.if_, each.ig, each.io].map((m) => m.kernel.value),
      1,
    );
    all.dense_h.kernel.value = tf.concat(
      [each.hi, each.hf, each.hg, each.ho].map((m) => m.kernel.value),
      1,
    );
    close(new RNN(all).forward(x()), new RNN(each).forward(x()));
  });

  it("take activations, initializers and metadata", () => {
    const cell = new SimpleCell(2, 3, {
      rngs: rngs(),
      activationFn: relu,
      kernelInit: initializers.ones,
      recurrentKernelInit: initializers.zeros,
      biasInit: initializers.constant(-1),
      kernelMetadata: { tag: "in" },
      recurrentKernelMetadata: { tag: "carry" },
    });
    const [carry, y] = cell.forward(tf.ones([1, 3]), tf.tensor2d([[1, 0.5]]));
    expect([values(y), carry]).toEqual([[0.5, 0.5, 0.5], y]);
    expect([cell.dense_i.kernel.getMetadata("tag"), cell.dense_h.kernel.getMetadata("tag")]).toEqual([
      "in",
      "carry",
    ]);
  });

  it("make first carries from the rngs of the call, or kept ones", () => {
    const cell = new LSTMCell(2, 3, { rngs: rngs(), carryInit: initializers.ones });
    expect(() => cell.initializeCarry([5, 2])).toThrow(/LSTMCell\.initializeCarry: expected rngs/);
    const streams = new Rngs({ carry: 0 });
    const [c, h] = cell.initializeCarry([5, 2], { rngs: streams });
    expect([c.shape, h.shape, values(c)[0], streams.stream("carry").count.value]).toEqual([
      [5, 3],
      [5, 3],
      1,
      2,
    ]);
    const other = cell.initializeCarry([2], { rngs: streams, carryInit: initializers.zeros });
    expect(values(other[0])).toEqual([0, 0, 0]);
    const kept = new GRUCell(2, 3, { rngs: rngs(), keepRngs: true });
    expect(kept.initializeCarry([5, 2]).shape).toEqual([5, 3]);
    expect([kept.rngs!.count.value, kept.numFeatureAxes]).toEqual([1, 1]);
  });

  it.each([
    [
      "a size of 0",
      () => new GRUCell(2, 0, { rngs: rngs() }),
      /GRUCell: expected hiddenFeatures to be a positive integer, got 0/,
    ],
    [
      "a dtype that tensorflow.js lacks",
      () => new SimpleCell(2, 3, { rngs: rngs(), dtype: "float16" as "float32" }),
      /SimpleCell: expected dtype "float32"/,
    ],
    [
      "inputs of another width",
      () => gru().forward(tf.zeros([1, 3]), tf.ones([1, 5])),
      /GRUCell\.forward: expected inputs of shape \[\.\.\., 2\]/,
    ],
  ])("refuse %s", (_name, run, message) => {
    expect(run).toThrow(message);
  });
});

describe("RNN", () => {
  it("is the cell called again and again", () => {
    const cell = gru();
    const [carry, outputs] = new RNN(cell).forward(x(), { returnCarry: true });
    let state_ = tf.zeros([2, 3]) as tf.Tensor;
    const steps = [0, 1, 2, 3].map((t) => {
      const [next, y] = cell.forward(state_, tf.squeeze(tf.slice(x(), [0, t, 0], [2, 1, 2]), [1]));
      state_ = next;
      return y;
    });
    close(outputs, tf.stack(steps, 1));
    close(carry, state_);
    close(
      new RNN(cell).forward(x(), { initialCarry: carry }),
      new RNN(cell).forward(x(), { initialCarry: state_ }),
    );
  });

  it("has types that follow returnCarry", () => {
    const rnn = new RNN(lstm(), { returnCarry: true });
    expectTypeOf(rnn.forward(x())).toEqualTypeOf<[carry: LSTMCarry, outputs: tf.Tensor]>();
    expectTypeOf(rnn.forward(x(), { returnCarry: false })).toEqualTypeOf<tf.Tensor>();
    expectTypeOf(new RNN(gru()).forward(x())).toEqualTypeOf<tf.Tensor>();
    expect(rnn.forward(x(), { returnCarry: false }).shape).toEqual([2, 4, 3]);
  });

  it("goes backwards, by sequences' own lengths, with or without their order", () => {
    const cell = gru();
    const whole = new RNN(cell).forward(tf.reverse(x(), 1));
    close(new RNN(cell, { reverse: true }).forward(x()), whole);
    close(new RNN(cell).forward(x(), { reverse: true, keepOrder: true }), tf.reverse(whole, 1));
    const short = new RNN(cell).forward(tf.reverse(tf.slice(x(), [0, 0, 0], [1, 2, 2]), 1));
    const mixed = new RNN(cell).forward(x(), { reverse: true, seqLengths: [2, 4] });
    close(tf.slice(mixed, [0, 0, 0], [1, 2, 3]), short);
    close(tf.slice(mixed, [1, 0, 0], [1, 4, 3]), tf.slice(whole, [1, 0, 0], [1, 4, 3]));
  });

  it("gives the carry of each of two by two sequences, as it would alone", () => {
    const rnn = new RNN(gru(), { returnCarry: true });
    const inputs = tf.reshape(tf.range(0, 1, 1 / 32), [2, 2, 4, 2]);
    const lengths = tf.tensor2d(
      [
        [1, 2],
        [3, 4],
      ],
      [2, 2],
      "int32",
    );
    const [carry] = rnn.forward(inputs, { seqLengths: lengths });
    // Flax 0.12.8 gives [2, 2, 2, 3], because it selects rows by the first batch axis alone.
    expect(carry.shape).toEqual([2, 2, 3]);
    for (const [i, j] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ] as const) {
      const sequence = tf.slice(inputs, [i, j, 0, 0], [1, 1, 1 + 2 * i + j, 2]);
      close(tf.slice(carry, [i, j, 0], [1, 1, 3]), rnn.forward(sequence)[0]);
    }
  });

  it("gives each sequence's carry after its own last step, over several batch axes", () => {
    const cell = lstm();
    const wide = tf.reshape(x(), [1, 2, 4, 2]);
    const [[c, h], outputs] = new RNN(cell).forward(wide, { returnCarry: true, seqLengths: [2, 4] });
    expect([c.shape, h.shape, outputs.shape]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 4, 3],
    ]);
    const first = new RNN(cell).forward(tf.slice(wide, [0, 0, 0, 0], [1, 1, 2, 2]), { returnCarry: true });
    close(tf.slice(c, [0, 0, 0], [1, 1, 3]), first[0][0]);
  });

  it("draws new dropout masks at every step, or one for all steps where asked", () => {
    class Dropping extends RNNCellBase<tf.Tensor> {
      readonly drop = new Dropout(0.5, { rngs: new Rngs({ dropout: 3 }) });
      forward(carry: tf.Tensor, inputs: tf.Tensor): [tf.Tensor, tf.Tensor] {
        return [carry, this.drop.forward(inputs)];
      }
      initializeCarry(): tf.Tensor {
        return tf.zeros([1]);
      }
      get numFeatureAxes(): number {
        return 1;
      }
    }
    const ones = tf.ones([1, 5, 16]);
    const rows = (y: tf.Tensor) => tf.unstack(tf.squeeze(y, [0])).map((row) => values(row).join());
    const fresh = new RNN(new Dropping());
    expect(new Set(rows(fresh.forward(ones))).size).toBe(5);
    const frozen = new RNN(new Dropping(), { broadcastRngs: withTag("dropout") });
    const [one, two] = [rows(frozen.forward(ones)), rows(frozen.forward(ones))];
    expect([new Set(one).size, new Set(two).size]).toEqual([1, 1]);
    expect(one[0]).not.toBe(two[0]);
  });

  it("takes keys for the first carry from where it is told", () => {
    const counts = (rnn: RNN<tf.Tensor>) => rnn.rngs?.count.value;
    const own = new RNN(gru());
    own.forward(x());
    expect(counts(own)).toBe(1);
    const stream = new RngStream(0, { tag: "carry" });
    own.forward(x(), { rngs: stream });
    expect([counts(own), stream.count.value]).toEqual([1, 1]);
    expect(new RNN(gru(), { rngs: stream }).rngs).toBe(stream);
    expect(new RNN(gru(), { rngs: new Rngs({ carry: 1 }) }).rngs!.tag).toBe("carry");
    expect(() => new RNN(gru(), { rngs: false }).forward(x())).toThrow(/expected rngs for the first carry/);
    expect(new RNN(gru(), { rngs: false }).forward(x(), { initialCarry: tf.zeros([2, 3]) }).shape).toEqual([
      2, 4, 3,
    ]);
    expect(() => new RNN(gru(), { rngs: 1 as never })).toThrow(
      /RNN: expected rngs to be Rngs, an RngStream or a boolean, got 1/,
    );
  });

  it.each([
    [
      "inputs without time",
      () => new RNN(gru()).forward(tf.ones([2])),
      /a time axis and at least one step, got a float32\[2\]/,
    ],
    [
      "lengths beyond the end",
      () => new RNN(gru()).forward(x(), { seqLengths: [5, 4] }),
      /lengths from 0 to 4, got \[5, 4\]/,
    ],
    [
      "another number of lengths",
      () => new RNN(gru()).forward(x(), { seqLengths: [4] }),
      /seqLengths of shape \[2\]/,
    ],
  ])("refuses %s", (_name, run, message) => {
    expect(run).toThrow(message);
  });
});

describe("Bidirectional", () => {
  it("joins both directions, and returns both carries", () => {
    const [a, b] = [new RNN(gru()), new RNN(gru(1))];
    const both = new Bidirectional(a, b, { mergeFn: (f, g) => tf.sub(f, g), returnCarry: true });
    const [[forward, backward], y] = both.forward(x());
    close(y, tf.sub(a.forward(x()), b.forward(x(), { reverse: true, keepOrder: true })));
    expect([forward.shape, backward.shape]).toEqual([
      [2, 3],
      [2, 3],
    ]);
    const major = both.forward(tf.transpose(x(), [1, 0, 2]), { timeMajor: true, returnCarry: false });
    close(tf.transpose(major, [1, 0, 2]), y);
    const again = both.forward(x(), {
      initialCarry: [forward, backward],
      returnCarry: false,
      seqLengths: [4, 4],
    });
    expect(again.shape).toEqual([2, 4, 3]);
  });

  it("shares its parameters when both directions are one", () => {
    const rnn = new RNN(gru());
    const paths = flattenState(state(new Bidirectional(rnn, rnn), Param)).map(([path]) => path.join("/"));
    expect(paths).toEqual([
      "backward_rnn/cell/dense_h/kernel",
      "backward_rnn/cell/dense_i/bias",
      "backward_rnn/cell/dense_i/kernel",
    ]);
  });
});
