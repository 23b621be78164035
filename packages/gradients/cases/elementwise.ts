/** @file Element-wise kernels, comparisons and choices. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Case, Cases } from "./case.ts";

const one = (kernel: string, f: (x: Tensor) => Tensor): Case => ({ kernels: [kernel], f: (x) => f(x!) });
const two = (kernel: string, f: (a: Tensor, b: Tensor) => Tensor): Case => ({
  kernels: [kernel],
  f: (a, b) => f(a!, b!),
});
const sine = two("Add", (a, b) => tf.sin(tf.add(a, b)));

const binary: Cases = {
  add: sine,
  "add broadcast suffix": sine,
  "add broadcast prefix": sine,
  "add broadcast middle": sine,
  "add broadcast both": sine,
  "add broadcast scalar": sine,
  "add size-1 axes": sine,
  "add of itself": one("Add", (a) => tf.add(a, a)),
  sub: two("Sub", (a, b) => tf.sin(tf.sub(a, b))),
  mul: two("Multiply", tf.mul),
  "mul broadcast": two("Multiply", tf.mul),
  div: two("RealDiv", tf.div),
  divNoNan: two("RealDiv", tf.divNoNan),
  pow: two("Pow", tf.pow),
  "pow of a negative": one("Pow", (a) => tf.pow(a, 3)),
  maximum: two("Maximum", (a, b) => tf.square(tf.maximum(a, b))),
  minimum: two("Minimum", (a, b) => tf.square(tf.minimum(a, b))),
  squaredDifference: two("SquaredDifference", tf.squaredDifference),
  atan2: two("Atan2", tf.atan2),
  floorDiv: two("FloorDiv", (a, b) => tf.mul(a, tf.floorDiv(a, b))),
  mod: two("Mod", (a, b) => tf.square(tf.mod(a, b))),
  addN: { kernels: ["AddN"], f: (...xs) => tf.sin(tf.addN(xs)) },
  prelu: two("Prelu", (x, alpha) => tf.square(tf.prelu(x, alpha))),
};

const gelu = (x: Tensor): Tensor => tf.mul(tf.mul(0.5, x), tf.add(1, tf.erf(tf.div(x, Math.SQRT2))));
const geluTanh = (x: Tensor): Tensor => {
  const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.pow(x, 3))));
  return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(inner)));
};

const unary: Cases = {
  relu: one("Relu", tf.relu),
  relu6: one("Relu6", (x) => tf.relu6(tf.mul(4, x))),
  leakyRelu: one("LeakyRelu", (x) => tf.leakyRelu(x, 0.2)),
  elu: one("Elu", tf.elu),
  selu: one("Selu", tf.selu),
  sigmoid: one("Sigmoid", tf.sigmoid),
  logSigmoid: one("Softplus", tf.logSigmoid),
  tanh: one("Tanh", tf.tanh),
  softplus: one("Softplus", tf.softplus),
  erf: one("Erf", tf.erf),
  "gelu erf": one("Erf", gelu),
  "gelu tanh": one("Tanh", geluTanh),
  silu: one("Sigmoid", (x) => tf.mul(x, tf.sigmoid(x))),
  exp: one("Exp", tf.exp),
  expm1: one("Expm1", tf.expm1),
  log: one("Log", tf.log),
  log1p: one("Log1p", tf.log1p),
  sqrt: one("Sqrt", tf.sqrt),
  rsqrt: one("Rsqrt", tf.rsqrt),
  square: one("Square", tf.square),
  reciprocal: one("Reciprocal", tf.reciprocal),
  abs: one("Abs", (x) => tf.mul(tf.abs(x), x)),
  neg: one("Neg", (x) => tf.square(tf.neg(x))),
  clipByValue: one("ClipByValue", (x) => tf.square(tf.clipByValue(x, -1, 1))),
  sin: one("Sin", tf.sin),
  cos: one("Cos", tf.cos),
  tan: one("Tan", tf.tan),
  asin: one("Asin", tf.asin),
  acos: one("Acos", tf.acos),
  atan: one("Atan", tf.atan),
  sinh: one("Sinh", tf.sinh),
  cosh: one("Cosh", tf.cosh),
  asinh: one("Asinh", tf.asinh),
  acosh: one("Acosh", tf.acosh),
  atanh: one("Atanh", tf.atanh),
  step: one("Step", (x) => tf.mul(x, tf.step(x))),
  sign: one("Sign", (x) => tf.mul(x, tf.sign(x))),
  floor: one("Floor", (x) => tf.mul(x, tf.floor(x))),
  ceil: one("Ceil", (x) => tf.mul(x, tf.ceil(x))),
  round: one("Round", (x) => tf.mul(x, tf.round(x))),
  cast: one("Cast", (x) => tf.mul(x, tf.cast(tf.cast(x, "int32"), "float32"))),
  identity: one("Identity", (x) => tf.mul(tf.clone(x), 2)),
  dropout: one("Multiply", (x) => tf.mul(x, [2, 0, 2, 0, 0, 2])),
};

const choices: Cases = {
  where: two("Select", (x, y) => tf.where(tf.greater(x, 0), tf.mul(x, y), tf.square(y))),
  "where broadcast": two("Select", (x, y) => tf.where(tf.greater(x, 0), x, y)),
  "where of two comparisons": {
    kernels: ["Greater", "LessEqual", "NotEqual", "LogicalAnd", "LogicalOr"],
    f: (x, y) => {
      const inside = tf.logicalAnd(tf.greater(x!, -1), tf.lessEqual(x!, 1));
      return tf.where(tf.logicalOr(inside, tf.notEqual(y!, 0)), tf.mul(x!, y!), y!);
    },
  },
  "where not": one("LogicalNot", (x) => tf.where(tf.logicalNot(tf.greater(x, 0.5)), tf.square(x), x)),
  isNaN: one("IsNan", (x) => tf.where(tf.isNaN(x), tf.zerosLike(x), tf.square(x))),
};

export const elementwiseCases: Cases = { ...binary, ...unary, ...choices };
