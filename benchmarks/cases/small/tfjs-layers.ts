/** @file The small layers with tfjs-layers. */
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { weights } from "../../peers/numbers.ts";
import type { Run, Runs } from "../../peers/run.ts";
import { tensorOf } from "../../peers/stock.ts";
import { INPUT, LAYERS, SMALL } from "./shared.ts";

function make(): Run {
  const model = tfl.sequential();
  for (const path of LAYERS) {
    const layer = tfl.layers.dense({ units: 4, activation: "tanh", inputShape: [4] });
    model.add(layer);
    layer.setWeights([
      tf.tensor(weights(`${path}.kernel`, [4, 4]), [4, 4]),
      tf.tensor(weights(`${path}.bias`, [4])),
    ]);
  }
  model.compile({ optimizer: tf.train.adam(1e-3), loss: "meanSquaredError" });
  const [x, target] = [tensorOf("small.x", INPUT), tensorOf("small.target", INPUT)];
  return { step: async () => (await model.trainOnBatch(x, target)) as number };
}

export const runs: Runs = { [SMALL]: make };
