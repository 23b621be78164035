/** @file The LSTM with nnxjs. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { fill, tensorOf } from "../../peers/fill.ts";
import type { Run, Runs } from "../../peers/run.ts";
import { INPUT, LSTM, UNITS } from "./shared.ts";

function make(isRecorded = false): Run {
  const model = new nnx.RNN(new nnx.LSTMCell(INPUT[2], UNITS, { rngs: new nnx.Rngs(0) }));
  fill(model);
  const x = tensorOf("lstm.x", INPUT);
  const lossFn = (m: typeof model): tf.Tensor => tf.mean(tf.square(m.forward(x)));
  const plain = (m: typeof model) => nnx.valueAndGrad(lossFn)(m);
  const both = isRecorded ? nnx.jit(plain) : plain;
  return {
    step: () => tf.tidy(() => both(model)[0].dataSync()[0]!),
    check: () =>
      tf.tidy(() => {
        const [loss, grads] = nnx.valueAndGrad(lossFn)(model);
        const sizes = nnx.flattenState(grads).map(([, { value }]) => tf.sum(tf.abs(value as tf.Tensor)));
        return [loss.dataSync()[0]!, tf.addN(sizes).dataSync()[0]!];
      }),
  };
}

export const runs: Runs = { [LSTM]: () => make() };
/** By `jit`. */
export const recorded: Runs = { [LSTM]: () => make(true) };
