/** @file How right the classifier is, and how sure. */
import * as tf from "@tensorflow/tfjs-core";
import { CLASSES, type Images } from "./data.ts";
import type { Mlp } from "./model.ts";
import { pixelsOf } from "./train.ts";

/** Class probabilities, one row of eight per image. */
export type Probabilities = Float32Array;

/** One pass, in whatever mode the model is. */
export const predict = (model: Mlp, images: Images): Probabilities =>
  tf.tidy(() => tf.softmax(model.forward(pixelsOf(images))).dataSync<"float32">());

/** Share of images whose most probable class is theirs. */
export function accuracy(probabilities: Probabilities, { labels, count }: Images): number {
  let right = 0;
  for (let i = 0; i < count; i++) {
    const row = probabilities.subarray(i * CLASSES, (i + 1) * CLASSES);
    if (row.indexOf(Math.max(...row)) === labels[i]) right++;
  }
  return right / count;
}

function entropy(probabilities: ArrayLike<number>, from: number): number {
  let sum = 0;
  for (let i = from; i < from + CLASSES; i++) {
    const p = probabilities[i] as number;
    if (p > 0) sum -= p * Math.log(p);
  }
  return sum;
}

/** What many stochastic passes say of each image. */
export interface Sampled {
  readonly mean: Probabilities;
  /** Entropy of the mean prediction less the mean entropy, in nats: what the weights do not agree on (Depeweg et al. 2018). */
  readonly epistemic: Float64Array;
}

/** `samples` passes with a mask each. The model is in training mode meanwhile and in evaluation mode afterwards. */
export function sample(model: Mlp, images: Images, samples: number): Sampled {
  const sum = new Float64Array(images.count * CLASSES);
  const entropies = new Float64Array(images.count);
  model.train();
  for (let s = 0; s < samples; s++) {
    const probabilities = predict(model, images);
    probabilities.forEach((p, i) => {
      sum[i] = (sum[i] as number) + p / samples;
    });
    entropies.forEach((e, i) => {
      entropies[i] = e + entropy(probabilities, i * CLASSES) / samples;
    });
  }
  model.eval();
  return {
    mean: Float32Array.from(sum),
    epistemic: entropies.map((aleatoric, i) => Math.max(0, entropy(sum, i * CLASSES) - aleatoric)),
  };
}

export const mean = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
