/** @file The convolutional net with tfjs-layers. */
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { integers, weights } from "../../peers/numbers.ts";
import type { Run, Runs } from "../../peers/run.ts";
import { tensorOf } from "../../peers/stock.ts";
import { CONV, IMAGES, LABELS, SHAPES } from "./shared.ts";

function make(): Run {
  const model = tfl.sequential();
  const conv = { kernelSize: 3, padding: "same", activation: "relu" } as const;
  model.add(tfl.layers.conv2d({ ...conv, filters: 16, inputShape: IMAGES.slice(1) }));
  model.add(tfl.layers.maxPooling2d({ poolSize: 2 }));
  model.add(tfl.layers.conv2d({ ...conv, filters: 32 }));
  model.add(tfl.layers.maxPooling2d({ poolSize: 2 }));
  model.add(tfl.layers.flatten());
  model.add(tfl.layers.dense({ units: 10, activation: "softmax" }));
  model.setWeights(
    Object.entries(SHAPES).map(([path, shape]) => tf.tensor(weights(path, shape), [...shape])),
  );
  model.compile({ optimizer: tf.train.adam(1e-3), loss: "categoricalCrossentropy" });
  const x = tensorOf("conv.x", IMAGES);
  const rows = tf.oneHot(tf.tensor1d(integers("conv.labels", LABELS, 10), "int32"), 10);
  return { step: async () => (await model.trainOnBatch(x, rows)) as number };
}

export const runs: Runs = { [CONV]: make };
