/** @file What the cases for stock tensorflow.js have in common. */
import * as tf from "@tensorflow/tfjs-core";
import { numbers, sizeOf, weights } from "./numbers.ts";
import type { Run } from "./run.ts";

/** A variable with the numbers of the parameter of that path. */
export const variable = <T extends tf.Tensor = tf.Tensor>(path: string, shape: readonly number[]): T =>
  tf.variable(tf.tensor(weights(path, shape), [...shape])) as unknown as T;

/** A tensor of uniform numbers in [-1, 1). */
export const tensorOf = <T extends tf.Tensor = tf.Tensor>(name: string, shape: readonly number[]): T =>
  tf.tensor(numbers(name, shape), [...shape]) as T;

/** One step of training: the loss, and every variable changed. */
export function trainer(lossFn: () => tf.Scalar): () => number {
  const optimizer = tf.train.adam(1e-3);
  return () => {
    const loss = optimizer.minimize(lossFn, true)!;
    const [value] = loss.dataSync();
    loss.dispose();
    return value!;
  };
}

/** `x @ kernel + bias` over the last axis. */
export function dense(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  const [inner = 0, outer = 0] = kernel.shape;
  const flat = tf.reshape(x, [sizeOf(x.shape) / inner, inner]);
  return tf.reshape(tf.add(tf.matMul(flat, kernel), bias), [...x.shape.slice(0, -1), outer]);
}

/** The cross entropy of logits and rows of 0 and 1. */
export const crossEntropy = (logits: tf.Tensor, rows: tf.Tensor): tf.Scalar =>
  tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), rows), -1)));

/** Layer normalization over the last axis. */
export function layerNorm(x: tf.Tensor, scale: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-6))), scale), bias);
}

/** The approximation of GELU by tanh. */
export function gelu(x: tf.Tensor): tf.Tensor {
  const inner = tf.mul(tf.add(x, tf.mul(tf.mul(tf.mul(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}

/** Softmax attention over `[batch, length, heads, depth]`. */
export function attention(query: tf.Tensor, key: tf.Tensor, value: tf.Tensor, bias?: tf.Tensor): tf.Tensor {
  const heads = (x: tf.Tensor): tf.Tensor => tf.transpose(x, [0, 2, 1, 3]);
  const depth = query.shape.at(-1)!;
  const scores = tf.div(tf.matMul(heads(query), heads(key), false, true), Math.sqrt(depth));
  const masked = bias === undefined ? scores : tf.add(scores, bias);
  return heads(tf.matMul(tf.softmax(masked), heads(value)));
}

/** The value and the gradients of a loss, with respect to all arguments. */
export function valueAndGradients(f: (...args: tf.Tensor[]) => tf.Scalar, args: tf.Tensor[]): Run {
  const both = tf.valueAndGrads(f);
  return {
    check: () =>
      tf.tidy(() => {
        const { value, grads } = both(args);
        return [value.dataSync()[0]!, tf.addN(grads.map((g) => tf.sum(tf.abs(g)))).dataSync()[0]!];
      }),
    step: () => tf.tidy(() => both(args).value.dataSync()[0]!),
  };
}
