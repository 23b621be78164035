/** @file Ties, kinks, infinities and empty axes. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D, Tensor5D } from "@tensorflow/tfjs-core";
import type { Case, Cases } from "./case.ts";

const one = (kernel: string, f: (x: Tensor) => Tensor): Case => ({ kernels: [kernel], f: (x) => f(x!) });
const two = (kernel: string, f: (a: Tensor, b: Tensor) => Tensor): Case => ({
  kernels: [kernel],
  f: (a, b) => f(a!, b!),
});

const edges: Cases = {
  "max ties": one("Max", (x) => tf.max(x)),
  "max of rows with ties": one("Max", (x) => tf.max(x, 1)),
  "min ties": one("Min", (x) => tf.min(x)),
  "maximum tie": two("Maximum", tf.maximum),
  "minimum tie": two("Minimum", tf.minimum),
  "maximum of infinities": two("Maximum", tf.maximum),
  "relu at 0": one("Relu", tf.relu),
  "relu behind a log": one("Relu", (x) => tf.log(tf.relu(x))),
  "relu behind a square root": one("Relu", (x) => tf.sqrt(tf.relu(x))),
  "abs at 0": one("Abs", tf.abs),
  "sqrt at 0": one("Sqrt", tf.sqrt),
  "rsqrt at 0": one("Rsqrt", tf.rsqrt),
  "square at 0": one("Square", tf.square),
  "log at 0": one("Log", tf.log),
  "clip at bounds": one("ClipByValue", (x) => tf.clipByValue(x, -1, 1)),
  "leakyRelu at 0": one("LeakyRelu", (x) => tf.leakyRelu(x, 0.2)),
  "elu at 0": one("Elu", tf.elu),
  "selu at 0": one("Selu", tf.selu),
  "relu6 at 0 and 6": one("Relu6", tf.relu6),
  "prelu at 0": two("Prelu", tf.prelu),
  "pow(x, 2) at 0": one("Pow", (x) => tf.pow(x, 2)),
  "pow(x, 1) at 0": one("Pow", (x) => tf.pow(x, 1)),
  "pow(x, 0.5) at 0": one("Pow", (x) => tf.pow(x, 0.5)),
  "pow(0, y)": one("Pow", (y) => tf.pow(tf.zerosLike(y), y)),
  "pow(2, x)": one("Pow", (y) => tf.pow(2, y)),
  "norm at 0": one("Sqrt", (x) => tf.sqrt(tf.sum(tf.square(x)))),
  "softplus far out": one("Softplus", tf.softplus),
  "sigmoid far out": one("Sigmoid", tf.sigmoid),
  "tanh far out": one("Tanh", tf.tanh),
  "logSumExp far out": one("Max", (x) => tf.logSumExp(x)),
  "logSoftmax far out": one("logSoftmax__op", (x) => tf.reshape(tf.slice(tf.logSoftmax(x), 0, 1), [])),
  "cast to an integer": one("Cast", (x) => tf.mul(x, tf.cast(tf.cast(x, "int32"), "float32"))),
  floorDiv: one("FloorDiv", (x) => tf.floorDiv(x, 2)),
  mod: one("Mod", (x) => tf.mod(x, 2)),
  round: one("Round", tf.round),
  sign: one("Sign", tf.sign),
  "prod with a 0": one("Prod", (x) => tf.prod(x)),
  "prod with two 0": one("Prod", (x) => tf.prod(x)),
  "cumprod with a 0": one("Cumprod", (x) => tf.cumprod(x)),
  "atan2(x, 0)": one("Atan2", (x) => tf.atan2(x, tf.zerosLike(x))),
  "log1p(-1)": one("Log1p", tf.log1p),
  expm1: one("Expm1", tf.expm1),
  "erf(3)": one("Erf", tf.erf),
  "where with an infinite slope in the other branch": one("Select", (x) =>
    tf.where(tf.greater(x, 0), tf.sqrt(x), tf.zerosLike(x)),
  ),
  "where of NaN not chosen": two("Select", (x, y) => tf.where(tf.greater(x, 0), x, tf.mul(y, 2))),
  "comparison of an infinite slope": one("Greater", (x) =>
    tf.where(tf.greater(tf.log(x), -5), x, tf.mul(3, x)),
  ),
  "sign of an infinite slope": one("Sign", (x) => tf.mul(x, tf.sign(tf.sqrt(x)))),
  "floor of an infinite slope": one("Floor", (x) => tf.mul(x, tf.floor(tf.sqrt(x)))),
  "maxPool ties": one("MaxPool", (x) => tf.maxPool(x as Tensor4D, 2, 2, "valid")),
  "maxPool3d ties": one("MaxPool3D", (x) => tf.maxPool3d(x as Tensor5D, 2, 2, "valid")),
  "topk ties": one("TopK", (x) => tf.topk(x, 2).values),
  "div by 0": two("RealDiv", tf.div),
  "reciprocal at 0": one("Reciprocal", tf.reciprocal),
  "empty add": two("Add", tf.add),
  "empty matMul": two("BatchMatMul", (a, b) => tf.matMul(a, b)),
  "empty concat": two("Concat", (a, b) => tf.engine().runKernel("Concat", [a, b] as never, { axis: 0 })),
  // wasm's kernel leaves what was in the memory.
  "empty sum": { ...one("Sum", (x) => tf.sum(x, 0)), wrongValue: ["wasm"] },
};

export const edgeCases: Cases = Object.fromEntries(
  Object.entries(edges).map(([name, value]) => [`edge: ${name}`, value]),
);
