/** @file The LSTM with tensorflow.js alone: its basicLSTMCell. */
import * as tf from "@tensorflow/tfjs-core";
import type { Run, Runs } from "../../peers/run.ts";
import { tensorOf, valueAndGradients } from "../../peers/stock.ts";
import { joined } from "./joined.ts";
import { INPUT, LSTM, UNITS } from "./shared.ts";

function make(): Run {
  const [batch, , features] = INPUT;
  const { input, hidden, bias } = joined(["i", "g", "f", "o"]);
  const kernel = tf.tensor2d(Float32Array.from([...input, ...hidden]), [features + UNITS, 4 * UNITS]);
  const x = tensorOf<tf.Tensor3D>("lstm.x", INPUT);
  const forgetBias = tf.scalar(0);
  return valueAndGradients(
    (k, b) => {
      let [c, h]: [tf.Tensor2D, tf.Tensor2D] = [tf.zeros([batch, UNITS]), tf.zeros([batch, UNITS])];
      const outputs = tf.unstack(x, 1).map((data) => {
        [c, h] = tf.basicLSTMCell(forgetBias, k as tf.Tensor2D, b as tf.Tensor1D, data as tf.Tensor2D, c, h);
        return h;
      });
      return tf.mean(tf.square(tf.stack(outputs, 1)));
    },
    [kernel, tf.tensor1d(bias)],
  );
}

export const runs: Runs = { [LSTM]: make };
