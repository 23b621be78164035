/** @file How right the classifier is, and how sure. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { CLASSES, type Images, pixelsOf } from "./data.ts";
import type { Mlp } from "./model.ts";

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

/** What many stochastic passes say of each image. */
export interface Sampled {
  readonly mean: Probabilities;
  /**
   * Entropy of the mean prediction less the mean entropy, in nats: what the weights do not agree on
   * (Depeweg et al. 2018).
   */
  readonly epistemic: Float64Array;
}

/** `samples` passes with a mask each, in whatever mode the model is; it is left in that. */
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
