/** @file The accuracy and the uncertainty of the classifier. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { CLASSES, type Images, pixelsOf } from "./images.ts";
import type { Mlp } from "./model.ts";

/** Class probabilities, one row of eight per image. */
export type Probabilities = Float32Array;

/** One pass, in the model's current mode. */
export const predict = (model: Mlp, images: Images): Probabilities =>
  tf.tidy(() => tf.softmax(model.forward(pixelsOf(images))).dataSync<"float32">());

/** The share of images whose most probable class is right. */
export function accuracy(probabilities: Probabilities, { labels, count }: Images): number {
  let right = 0;
  for (let i = 0; i < count; i++) {
    const row = probabilities.subarray(i * CLASSES, (i + 1) * CLASSES);
    if (row.indexOf(Math.max(...row)) === labels[i]) right++;
  }
  return right / count;
}

/** The results of several stochastic passes for each image. */
export interface Sampled {
  readonly mean: Probabilities;
  /**
   * The entropy of the mean prediction minus the mean entropy, in nats: how much the passes
   * disagree (Depeweg et al. 2018).
   */
  readonly epistemic: Float64Array;
}

/** Runs `samples` passes, each with its own mask. The model's mode does not matter, and stays. */
export function sample(
  model: Mlp,
  images: Images,
  { samples, seed }: { samples: number; seed: number },
): Sampled {
  const x = pixelsOf(images);
  const key = nnx.random.key(seed + 3);
  const moments = nnx.sample(model, x, samples, { key, outputs: "logits", keep: "moments" });
  x.dispose();
  return {
    mean: Float32Array.from(moments.mean.data),
    epistemic: nnx.entropyDecomposition(moments).epistemic,
  };
}

export const mean = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
