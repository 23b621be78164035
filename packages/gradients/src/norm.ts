/** @file Normalisations that are single kernels. */
import { sumTo } from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import type { FusedBatchNormAttrs, LRNAttrs, Tensor } from "@tensorflow/tfjs-core";
import { type GradientRule, rule } from "./rule.ts";

/**
 * y = (x - mean) r scale + offset with r = 1 / sqrt(variance + ε). scale and offset are optional.
 */
const batchNorm: GradientRule = rule<FusedBatchNormAttrs>("FusedBatchNorm")({
  inputs: ["x", "mean", "variance", "scale", "offset"],
  optional: ["scale", "offset"],
  save: ["x", "mean", "variance", "scale"],
  backward: (dy, { shapes, saved: { x, mean, variance, scale }, given, attrs: { varianceEpsilon } }) => {
    const r = (): Tensor => tf.rsqrt(tf.add(variance, varianceEpsilon));
    const scaled = (factor: Tensor): Tensor => (given.has("scale") ? tf.mul(factor, scale) : factor);
    const centred = (): Tensor => tf.sub(x, mean);
    return {
      x: () => tf.mul(dy, scaled(r())),
      mean: () => tf.neg(tf.mul(sumTo(dy, shapes.mean), scaled(r()))),
      variance: () => {
        const slope = scaled(tf.mul(-0.5, tf.div(r(), tf.add(variance, varianceEpsilon))));
        return tf.mul(sumTo(tf.mul(dy, centred()), shapes.variance), slope);
      },
      scale: () => sumTo(tf.mul(dy, tf.mul(centred(), r())), shapes.scale),
      offset: () => sumTo(dy, shapes.offset),
    };
  },
});

/**
 * Sums over the channels that are at most `radius` away, with a product by a band matrix of ones.
 */
function overNeighbours(x: Tensor, radius: number): Tensor {
  const channels = x.shape.at(-1)!;
  const band = Float32Array.from({ length: channels * channels }, (_, i) =>
    Math.abs(Math.floor(i / channels) - (i % channels)) <= radius ? 1 : 0,
  );
  const rows = tf.reshape(x, [x.size / channels, channels]);
  return tf.reshape(tf.matMul(rows, tf.tensor2d(band, [channels, channels])), x.shape);
}

/** y = x s^-β with s = bias + α Σ x² over neighbouring channels. */
const localResponse: GradientRule = rule<LRNAttrs>("LRN")({
  inputs: ["x"],
  save: ["x"],
  backward: (dy, { saved: { x }, attrs: { depthRadius, bias, alpha, beta } }) => ({
    x: () => {
      const s = tf.add(bias, tf.mul(alpha, overNeighbours(tf.square(x), depthRadius)));
      const own = tf.mul(dy, tf.pow(s, -beta));
      const through = overNeighbours(tf.mul(tf.mul(dy, x), tf.pow(s, -beta - 1)), depthRadius);
      return tf.sub(own, tf.mul(2 * alpha * beta, tf.mul(x, through)));
    },
  }),
});

/** Rules for `batchNorm` and `localResponseNormalization`. */
export const normRules: readonly GradientRule[] = [batchNorm, localResponse];
