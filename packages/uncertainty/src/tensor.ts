/** @file The only file of this package that names the array library. */
import * as tf from "@tensorflow/tfjs-core";

/** An immutable array: tensorflow.js's. */
export type Tensor<R extends tf.Rank = tf.Rank> = tf.Tensor<R>;

export const isTensor = (x: unknown): x is Tensor => x instanceof tf.Tensor;

export const add: typeof tf.add = tf.add;
export const broadcastTo: typeof tf.broadcastTo = tf.broadcastTo;
export const mul: typeof tf.mul = tf.mul;
export const ones: typeof tf.ones = tf.ones;
export const reshape: typeof tf.reshape = tf.reshape;
export const slice: typeof tf.slice = tf.slice;
export const square: typeof tf.square = tf.square;
export const stack: typeof tf.stack = tf.stack;
export const sub: typeof tf.sub = tf.sub;
export const tidy: typeof tf.tidy = tf.tidy;
export const tile: typeof tf.tile = tf.tile;
export const zeros: typeof tf.zeros = tf.zeros;

export const matMul = (a: Tensor, b: Tensor): Tensor => tf.matMul(a, b);
