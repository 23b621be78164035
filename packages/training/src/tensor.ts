/** @file The only file of this package that names the array library. */
import * as tf from "@tensorflow/tfjs-core";

/** An immutable array: tensorflow.js's. */
export type Tensor = tf.Tensor;

export const isTensor = (x: unknown): x is Tensor => x instanceof tf.Tensor;

export const add: typeof tf.add = tf.add;
export const addN: typeof tf.addN = tf.addN;
export const clipByValue: typeof tf.clipByValue = tf.clipByValue;
export const div: typeof tf.div = tf.div;
export const less: typeof tf.less = tf.less;
export const mul: typeof tf.mul = tf.mul;
export const sign: typeof tf.sign = tf.sign;
export const sqrt: typeof tf.sqrt = tf.sqrt;
export const square: typeof tf.square = tf.square;
export const sub: typeof tf.sub = tf.sub;
export const sum: typeof tf.sum = tf.sum;
export const tidy: typeof tf.tidy = tf.tidy;
export const zerosLike: typeof tf.zerosLike = tf.zerosLike;
export const where: typeof tf.where = tf.where;
