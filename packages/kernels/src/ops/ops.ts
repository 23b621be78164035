/** @file The ops of tensorflow.js that the other packages use. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { activations } from "../topics/activations.ts";
import { softmax as rowTopic } from "../topics/rows.ts";
import { type Operand, op } from "./op.ts";

type Unary = <T extends Tensor>(x: T) => T;
type Binary = (a: Operand, b: Operand) => Tensor;
type Reduction = (x: Tensor, axis?: number | number[], keepDims?: boolean) => Tensor;

export const abs: Unary = /* @__PURE__ */ op(tf.abs);
export const add: Binary = /* @__PURE__ */ op(tf.add);
export const addN: typeof tf.addN = /* @__PURE__ */ op(tf.addN);
export const broadcastTo: (x: Tensor, shape: number[]) => Tensor = /* @__PURE__ */ op(
  (x: Tensor, shape: number[]) =>
    // `tf.broadcastTo` drops axes of size 0 from the result.
    shape.includes(0) ? tf.zeros(shape, x.dtype) : tf.broadcastTo(x, shape),
);
export const cast: typeof tf.cast = /* @__PURE__ */ op(tf.cast);
export const clone: Unary = /* @__PURE__ */ op(tf.clone);
export const concat: typeof tf.concat = /* @__PURE__ */ op(tf.concat);
export const cumsum: typeof tf.cumsum = /* @__PURE__ */ op(tf.cumsum);
export const div: Binary = /* @__PURE__ */ op(tf.div);
export const elu: Unary = /* @__PURE__ */ op(tf.elu);
export const equal: Binary = /* @__PURE__ */ op(tf.equal);
export const erf: Unary = /* @__PURE__ */ op(tf.erf, activations);
export const exp: Unary = /* @__PURE__ */ op(tf.exp);
export const expandDims: typeof tf.expandDims = /* @__PURE__ */ op(tf.expandDims);
export const expm1: Unary = /* @__PURE__ */ op(tf.expm1);
export const greater: Binary = /* @__PURE__ */ op(tf.greater);
export const greaterEqual: Binary = /* @__PURE__ */ op(tf.greaterEqual);
export const leakyRelu: <T extends Tensor>(x: T, negativeSlope?: number) => T = /* @__PURE__ */ op(
  tf.leakyRelu,
);
export const less: Binary = /* @__PURE__ */ op(tf.less);
export const log: Unary = /* @__PURE__ */ op(tf.log);
export const log1p: Unary = /* @__PURE__ */ op(tf.log1p);
export const logicalAnd: typeof tf.logicalAnd = /* @__PURE__ */ op(tf.logicalAnd);
export const logicalNot: typeof tf.logicalNot = /* @__PURE__ */ op(tf.logicalNot);
export const logicalOr: typeof tf.logicalOr = /* @__PURE__ */ op(tf.logicalOr);
export const matMul: (a: Tensor, b: Tensor) => Tensor = /* @__PURE__ */ op(tf.matMul);
export const max: Reduction = /* @__PURE__ */ op(tf.max);
export const maximum: Binary = /* @__PURE__ */ op(tf.maximum);
export const mean: Reduction = /* @__PURE__ */ op(tf.mean);
export const min: Reduction = /* @__PURE__ */ op(tf.min);
export const minimum: Binary = /* @__PURE__ */ op(tf.minimum);
export const floorDiv: Binary = /* @__PURE__ */ op(tf.floorDiv);
export const mul: Binary = /* @__PURE__ */ op(tf.mul);
export const neg: Unary = /* @__PURE__ */ op(tf.neg);
export const notEqual: Binary = /* @__PURE__ */ op(tf.notEqual);
export const ones: typeof tf.ones = /* @__PURE__ */ op(tf.ones);
export const pad: (x: Tensor, widths: [number, number][], value?: number) => Tensor = /* @__PURE__ */ op(
  tf.pad,
);
export const pow: Binary = /* @__PURE__ */ op(tf.pow);
export const relu: Unary = /* @__PURE__ */ op(tf.relu);
export const relu6: Unary = /* @__PURE__ */ op(tf.relu6);
export const reshape: typeof tf.reshape = /* @__PURE__ */ op(tf.reshape);
export const reverse: typeof tf.reverse = /* @__PURE__ */ op(tf.reverse);
export const rsqrt: Unary = /* @__PURE__ */ op(tf.rsqrt);
export const scalar: typeof tf.scalar = tf.scalar;
export const scatterND: typeof tf.scatterND = /* @__PURE__ */ op(tf.scatterND);
export const selu: Unary = /* @__PURE__ */ op(tf.selu);
export const sigmoid: Unary = /* @__PURE__ */ op(tf.sigmoid);
export const slice: typeof tf.slice = /* @__PURE__ */ op(tf.slice);
export const softmax: typeof tf.softmax = /* @__PURE__ */ op(tf.softmax, rowTopic);
export const softplus: Unary = /* @__PURE__ */ op(tf.softplus, activations);
export const split: typeof tf.split = /* @__PURE__ */ op(tf.split);
export const sqrt: Unary = /* @__PURE__ */ op(tf.sqrt);
export const square: Unary = /* @__PURE__ */ op(tf.square);
export const squeeze: typeof tf.squeeze = /* @__PURE__ */ op(tf.squeeze);
export const stack: typeof tf.stack = /* @__PURE__ */ op(tf.stack);
export const sub: Binary = /* @__PURE__ */ op(tf.sub);
export const sum: Reduction = /* @__PURE__ */ op(tf.sum);
export const tanh: Unary = /* @__PURE__ */ op(tf.tanh);
export const tidy: typeof tf.tidy = tf.tidy;
export const tile: typeof tf.tile = /* @__PURE__ */ op(tf.tile);
export const topk: typeof tf.topk = /* @__PURE__ */ op(tf.topk);
export const transpose: typeof tf.transpose = /* @__PURE__ */ op(tf.transpose);
export const unstack: typeof tf.unstack = /* @__PURE__ */ op(tf.unstack);
export { where } from "./where.ts";
export const zeros: typeof tf.zeros = /* @__PURE__ */ op(tf.zeros);
export const zerosLike: Unary = /* @__PURE__ */ op(tf.zerosLike);
