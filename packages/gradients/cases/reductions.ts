/** @file Reductions, scans, softmax, and losses. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Case, Cases } from "./case.ts";

const one = (kernel: string, f: (x: Tensor) => Tensor): Case => ({ kernels: [kernel], f: (x) => f(x!) });

const labels = (): tf.Tensor2D => tf.oneHot(tf.tensor1d([0, 3, 1], "int32"), 4) as tf.Tensor2D;

const keeping = (keepDims: boolean): Cases => {
  const suffix = keepDims ? " keepDims" : "";
  return {
    [`sum axis 1${suffix}`]: one("Sum", (x) => tf.sum(tf.square(x), 1, keepDims)),
    [`mean axes 0, 2${suffix}`]: one("Mean", (x) => tf.mean(tf.square(x), [0, 2], keepDims)),
    [`max axis 1${suffix}`]: one("Max", (x) => tf.square(tf.max(x, 1, keepDims))),
    [`min axis -1${suffix}`]: one("Min", (x) => tf.square(tf.min(x, -1, keepDims))),
    [`prod axis 1${suffix}`]: one("Prod", (x) => tf.prod(x, 1, keepDims)),
  };
};

function layerNorm(x: Tensor, scale: Tensor, offset: Tensor): Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-3))), scale), offset);
}

export const reductionCases: Cases = {
  ...keeping(false),
  ...keeping(true),
  sum: one("Sum", (x) => tf.square(tf.sum(x))),
  "sum axis 0": one("Sum", (x) => tf.sum(tf.square(x), 0)),
  "sum of a scalar": one("Sum", (x) => tf.square(tf.sum(x))),
  mean: one("Mean", (x) => tf.square(tf.mean(x))),
  max: one("Max", (x) => tf.square(tf.max(x))),
  prod: one("Prod", (x) => tf.prod(x)),
  "prod axes 0, 2": one("Prod", (x) => tf.prod(x, [0, 2])),
  moments: one("Mean", (x) => tf.moments(x, 0).variance),
  norm: one("Sqrt", (x) => tf.norm(x, 2, 1)),
  "norm 1": one("Abs", (x) => tf.norm(x, 1, 1)),
  softmax: one("Softmax", (x) => tf.softmax(x)),
  logSoftmax: one("logSoftmax__op", (x) => tf.logSoftmax(x)),
  logSumExp: one("Max", (x) => tf.logSumExp(x, 1)),
  cumsum: one("Cumsum", (x) => tf.square(tf.cumsum(x))),
  "cumsum axis 0": one("Cumsum", (x) => tf.square(tf.cumsum(x, 0))),
  "cumsum axis 1 of 3, exclusive, reverse": one("Cumsum", (x) => tf.square(tf.cumsum(x, 1, true, true))),
  cumprod: one("Cumprod", (x) => tf.cumprod(x)),
  "cumprod axis 0": one("Cumprod", (x) => tf.cumprod(x, 0)),
  "cumprod exclusive": one("Cumprod", (x) => tf.cumprod(x, 1, true)),
  "cumprod reverse": one("Cumprod", (x) => tf.cumprod(x, 1, false, true)),
  argMax: one("ArgMax", (x) => tf.mul(x, tf.expandDims(tf.cast(tf.argMax(x, 1), "float32"), 1))),
  "all and any": one("All", (x) => {
    const up = tf.greater(x, 0);
    const mixed = tf.logicalAnd(tf.any(up), tf.logicalNot(tf.all(up)));
    return tf.mul(x, tf.where(mixed, 2, 3));
  }),
  layerNorm: { kernels: ["Mean", "Rsqrt"], f: (x, scale, offset) => layerNorm(x!, scale!, offset!) },
  softmaxCrossEntropy: one("Max", (x) => tf.losses.softmaxCrossEntropy(labels(), x)),
  sigmoidCrossEntropy: one("Log1p", (x) => tf.losses.sigmoidCrossEntropy(labels(), x)),
  meanSquaredError: one("SquaredDifference", (x) => tf.losses.meanSquaredError(labels(), x)),
  huberLoss: one("Minimum", (x) => tf.losses.huberLoss(labels(), x)),
  logLoss: one("Log", (x) => tf.losses.logLoss(labels(), x)),
};
