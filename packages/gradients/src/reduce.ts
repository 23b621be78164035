/** @file Reductions and scans along axes. */
import { axesOf, broadcast, keepDims, reshaped, sizeOf } from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import type { LogSoftmaxAttrs, Tensor } from "@tensorflow/tfjs-core";
import { type GradientRule, rule, zeroRule } from "./rule.ts";
import { indicator } from "./select.ts";

/** `Max` names its axes `reductionIndices`. */
interface ReduceAttrs {
  axis?: number | number[] | null;
  reductionIndices?: number | number[] | null;
}

const spread = (dy: Tensor, shape: readonly number[], { axis }: ReduceAttrs): Tensor =>
  broadcast(reshaped(dy, keepDims(shape, axesOf(axis, shape.length))), shape);

const sum: GradientRule = rule<ReduceAttrs>("Sum")({
  inputs: ["x"],
  backward: (dy, { shapes, attrs }) => ({ x: () => spread(dy, shapes.x, attrs) }),
});

const mean: GradientRule = rule<ReduceAttrs>("Mean")({
  inputs: ["x"],
  backward: (dy, { shapes, attrs }) => ({
    x: () => spread(tf.div(dy, sizeOf(shapes.x) / dy.size), shapes.x, attrs),
  }),
});

/** All elements that equal the result share the gradient equally (`lax.reduce_max`). */
const extremum = (kernelName: string): GradientRule =>
  rule<ReduceAttrs>(kernelName)({
    inputs: ["x"],
    save: ["x"],
    saveOutput: 0,
    backward: (dy, { shapes, saved: { x }, output, attrs }) => ({
      x: () => {
        const axes = axesOf(attrs.axis ?? attrs.reductionIndices, x.rank);
        const kept = keepDims(shapes.x, axes);
        const attained = indicator(tf.equal(x, tf.reshape(output, kept)));
        return tf.mul(attained, tf.div(tf.reshape(dy, kept), tf.sum(attained, axes, true)));
      },
    }),
  });

const logSoftmax: GradientRule = rule<LogSoftmaxAttrs>("LogSoftmax")({
  inputs: ["logits"],
  saveOutput: 0,
  backward: (dy, { output: y, attrs: { axis } }) => ({
    logits: () => tf.sub(dy, tf.mul(tf.sum(dy, axis, true), tf.exp(y))),
  }),
});

/** Rules for reductions (`sum`, `mean`, `max`, `min`, `prod`), scans and softmax. */
export const reduceRules: readonly GradientRule[] = [
  sum,
  mean,
  extremum("Max"),
  extremum("Min"),
  logSoftmax,
  zeroRule("ArgMax", "x"),
  zeroRule("ArgMin", "x"),
];
