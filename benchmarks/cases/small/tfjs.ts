/** @file The small layers with tensorflow.js alone. */
import * as tf from "@tensorflow/tfjs-core";
import type { Run, Runs } from "../../peers/run.ts";
import { dense, tensorOf, trainer, variable } from "../../peers/stock.ts";
import { INPUT, LAYERS, SMALL } from "./shared.ts";

function make(): Run {
  const [x, target] = [tensorOf("small.x", INPUT), tensorOf("small.target", INPUT)];
  const layers = LAYERS.map(
    (path) => [variable(`${path}.kernel`, [4, 4]), variable(`${path}.bias`, [4])] as const,
  );
  const step = trainer(() => {
    const y = layers.reduce<tf.Tensor>((h, [kernel, bias]) => tf.tanh(dense(h, kernel, bias)), x);
    return tf.mean(tf.squaredDifference(y, target));
  });
  return { step };
}

export const runs: Runs = { [SMALL]: make };
