import type * as tf from "@tensorflow/tfjs-core";
import { expectTypeOf, it } from "vitest";
import type { Module } from "@nnxjs/nnx-core";
import * as nnx from "../index.ts";

declare const gru: nnx.GRUCell;
declare const lstm: nnx.LSTMCell;
declare const linear: nnx.Linear;
declare const rngs: nnx.LinearOptions["rngs"];
declare const x: tf.Tensor;

it("layers that hold others need no type arguments as attributes", () => {
  class Model {
    readonly gru: nnx.RNN = new nnx.RNN(gru);
    readonly lstm: nnx.RNN = new nnx.RNN(lstm, { reverse: true });
    readonly both: nnx.Bidirectional = new nnx.Bidirectional(new nnx.RNN(gru), new nnx.RNN(lstm));
    readonly shared: nnx.Bidirectional = new nnx.Bidirectional(this.gru, this.lstm);
    readonly sequence: nnx.Sequential = new nnx.Sequential(linear, nnx.relu);
    readonly weights: nnx.WeightNorm = new nnx.WeightNorm(linear, { rngs });
    readonly spectral: nnx.SpectralNorm = new nnx.SpectralNorm(linear, { rngs });
    readonly cell: nnx.RNNCellBase = gru;
    readonly options: nnx.RNNCallOptions = { returnCarry: true };
    readonly bothOptions: nnx.BidirectionalCallOptions = { timeMajor: true };
  }
  const model = new Model();
  expectTypeOf(model.gru.forward(x)).toEqualTypeOf<tf.Tensor>();
  expectTypeOf(model.both.forward(x)).toEqualTypeOf<tf.Tensor>();
  expectTypeOf(model.gru.forward(x, { returnCarry: true })).toEqualTypeOf<
    [carry: unknown, outputs: tf.Tensor]
  >();
  expectTypeOf(model.gru).toExtend<Module>();
});

it("lengths that may be missing are passed on as they are", () => {
  const carryOf = (rnn: nnx.RNN<tf.Tensor>, seqLengths?: tf.Tensor1D): tf.Tensor =>
    rnn.forward(x, { seqLengths, returnCarry: true })[0];
  expectTypeOf(carryOf).toBeFunction();
});

it("a carry keeps its type where it is known", () => {
  const rnn = new nnx.RNN(lstm, { returnCarry: true });
  expectTypeOf(rnn).toEqualTypeOf<nnx.RNN<nnx.LSTMCarry, true>>();
  expectTypeOf(rnn.forward(x)).toEqualTypeOf<[carry: nnx.LSTMCarry, outputs: tf.Tensor]>();
  // @ts-expect-error a carry of another cell
  rnn.forward(x, { initialCarry: x });
});
