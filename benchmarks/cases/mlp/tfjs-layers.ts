/** @file The MLP with tfjs-layers, which has no DropConnect. */
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { integers, weights } from "../../peers/numbers.ts";
import type { Run, Runs } from "../../peers/run.ts";
import { tensorOf } from "../../peers/stock.ts";
import { BATCH, LAYERS, MLP, RATE, SIZES } from "./shared.ts";

function make(): Run {
  const model = tfl.sequential();
  model.add(tfl.layers.dense({ units: SIZES[1], activation: "relu", inputShape: [SIZES[0]] }));
  model.add(tfl.layers.dropout({ rate: RATE }));
  model.add(tfl.layers.dense({ units: SIZES[2], activation: "relu" }));
  model.add(tfl.layers.dropout({ rate: RATE }));
  model.add(tfl.layers.dense({ units: SIZES[3], activation: "softmax" }));
  model.setWeights(
    LAYERS.flatMap(([path, shape]) => [
      tf.tensor(weights(`${path}.kernel`, shape), [...shape]),
      tf.tensor(weights(`${path}.bias`, [shape[1]]), [shape[1]]),
    ]),
  );
  model.compile({ optimizer: tf.train.adam(1e-3), loss: "categoricalCrossentropy" });
  const x = tensorOf("mlp.x", [BATCH, SIZES[0]]);
  const rows = tf.oneHot(tf.tensor1d(integers("mlp.labels", [BATCH], 10), "int32"), 10);
  return {
    check: () => [(model.evaluate(x, rows, { batchSize: BATCH }) as tf.Scalar).dataSync()[0]!],
    step: async () => (await model.trainOnBatch(x, rows)) as number,
  };
}

export const runs: Runs = { [MLP]: make };
