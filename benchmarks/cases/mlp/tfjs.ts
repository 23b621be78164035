/** @file The MLP with tensorflow.js alone. */
import * as tf from "@tensorflow/tfjs-core";
import { integers } from "../../peers/numbers.ts";
import type { Run, Runs } from "../../peers/run.ts";
import { crossEntropy, dense, tensorOf, trainer, variable } from "../../peers/stock.ts";
import { BATCH, DROP_CONNECT, LAYERS, MLP, RATE, SIZES } from "./shared.ts";

function make(dropConnect: boolean): Run {
  const x = tensorOf("mlp.x", [BATCH, SIZES[0]]);
  const rows = tf.oneHot(tf.tensor1d(integers("mlp.labels", [BATCH], 10), "int32"), 10);
  const layers = LAYERS.map(
    ([path, shape]) => [variable(`${path}.kernel`, shape), variable(`${path}.bias`, [shape[1]])] as const,
  );
  const lossFn = (training: boolean): tf.Scalar => {
    let h: tf.Tensor = x;
    for (const [kernel, bias] of layers.slice(0, -1)) {
      // tf.dropout is what DropConnect does to a kernel.
      const k = training && dropConnect ? tf.dropout(kernel, RATE) : kernel;
      h = tf.relu(dense(h, k, bias));
      if (training) h = tf.dropout(h, RATE);
    }
    const [kernel, bias] = layers.at(-1)!;
    return crossEntropy(dense(h, kernel, bias), rows);
  };
  return {
    check: () => [tf.tidy(() => lossFn(false).dataSync()[0]!)],
    step: trainer(() => lossFn(true)),
  };
}

export const runs: Runs = { [MLP]: () => make(false), [DROP_CONNECT]: () => make(true) };
