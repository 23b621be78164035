/** @file The only file of this package that names the array library. */
import * as tf from "@tensorflow/tfjs-core";

/** An immutable array: tensorflow.js's. */
export type Tensor = tf.Tensor;

export const isTensor = (x: unknown): x is Tensor => x instanceof tf.Tensor;

export const add: typeof tf.add = tf.add;
export const div: typeof tf.div = tf.div;
export const mul: typeof tf.mul = tf.mul;
export const sqrt: typeof tf.sqrt = tf.sqrt;
export const square: typeof tf.square = tf.square;
export const tidy: typeof tf.tidy = tf.tidy;
export const zerosLike: typeof tf.zerosLike = tf.zerosLike;
