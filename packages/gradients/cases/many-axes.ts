/** @file Tensors with more axes than wasm's vectorised kernels take. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Case, Cases } from "./case.ts";

const one = (kernel: string, f: (x: Tensor) => Tensor): Case => ({ kernels: [kernel], f: (x) => f(x!) });

const operations: Readonly<Record<string, readonly [kernel: string, f: (a: Tensor, b: Tensor) => Tensor]>> = {
  add: ["Add", (a, b) => tf.sin(tf.add(a, b))],
  sub: ["Sub", (a, b) => tf.sin(tf.sub(a, b))],
  mul: ["Multiply", tf.mul],
  div: ["RealDiv", tf.div],
  squaredDifference: ["SquaredDifference", tf.squaredDifference],
};

const binary = Object.entries(operations).flatMap(([name, [kernel, f]]) =>
  ["", " with a row", " in turns"].map(
    (how) => [`${name} of seven axes${how}`, { kernels: [kernel], f: (a, b) => f(a!, b!) } as Case] as const,
  ),
);

/** Programs on tensors of seven axes or more. */
export const manyAxesCases: Cases = {
  ...Object.fromEntries(binary),
  "pad of seven axes": one("PadV2", (x) =>
    tf.square(
      tf.pad(
        x,
        [
          [1, 0],
          [0, 0],
          [0, 2],
          [1, 1],
          [0, 0],
          [0, 0],
          [0, 1],
        ],
        3,
      ),
    ),
  ),
  "softmax of seven axes": one("Softmax", (x) => tf.softmax(x)),
  "mean of seven axes": one("Mean", (x) => tf.square(tf.mean(x, [1, 4]))),
  "max of seven axes": one("Max", (x) => tf.square(tf.max(x, [1, 4]))),
  "relu of eight axes": one("Relu", (x) => tf.square(tf.relu(x))),
};
