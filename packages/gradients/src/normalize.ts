/** @file Normalisation by mean and variance. */
import {
  alias,
  isRecording,
  type NormAttrs,
  normalizeBackOf,
  normKernelNames,
  sizeOf,
  sumTo,
} from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { type GradientRule, rule } from "./rule.ts";

/** The gradients for x, scale and bias, of single ops, which can be differentiated in turn. */
function backByOps(x: Tensor, dy: Tensor, scale: Tensor | null, attrs: NormAttrs): Tensor[] {
  const { outer, rows, groups, size, epsilon, usesMean, isFast, byGroup } = attrs;
  const laid = (values: Tensor): Tensor => tf.reshape(values, [outer, rows, groups, size]);
  const vector = [groups, byGroup ? 1 : size];
  const average = (values: Tensor): Tensor => tf.mean(values, [1, 3], true);
  const [from, slopes] = [laid(x), laid(dy)];
  const mean = usesMean ? average(from) : null;
  const centred = mean ? tf.sub(from, mean) : from;
  const variance =
    mean && isFast
      ? tf.maximum(tf.sub(average(tf.square(from)), tf.square(mean)), 0)
      : average(tf.square(centred));
  const inverse = tf.rsqrt(tf.add(variance, epsilon));
  const away = tf.mul(centred, inverse);
  const g = scale ? tf.mul(slopes, tf.reshape(scale, vector)) : slopes;
  const off = tf.mul(away, average(tf.mul(g, away)));
  const dx = tf.mul(inverse, tf.sub(usesMean ? tf.sub(g, average(g)) : g, off));
  const count = sizeOf(vector);
  return [
    tf.reshape(dx, x.shape),
    tf.reshape(sumTo(tf.mul(slopes, away), vector), [count]),
    tf.reshape(sumTo(slopes, vector), [count]),
  ];
}

/** No gradient flows from means and variances. */
const normalize: GradientRule = rule<NormAttrs>(normKernelNames.normalize)({
  inputs: ["x", "scale", "bias"],
  optional: ["scale", "bias"],
  save: ["x", "scale"],
  backward: (dy, { shapes, saved: { x, scale }, given, attrs }) => {
    const factors = given.has("scale") ? scale : null;
    // Each thunk has a scope of its own, in which the results of the others would be freed.
    const [dx, dScale, dBias] = ((isRecording() ? undefined : normalizeBackOf(x, dy, factors, attrs)) ??
      backByOps(x, dy, factors, attrs)) as [Tensor, Tensor, Tensor];
    return {
      x: () => alias(dx),
      scale: () => tf.reshape(dScale, shapes.scale),
      bias: () => tf.reshape(dBias, shapes.bias),
    };
  },
});

/** Rules of kernels that tensorflow.js does not have. */
export const ownNormRules: readonly GradientRule[] = [normalize];
