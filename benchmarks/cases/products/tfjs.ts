/** @file The products of tensorflow.js. */
import * as tf from "@tensorflow/tfjs-core";
import { numbers } from "../../peers/numbers.ts";
import type { Run, Runs } from "../../peers/run.ts";
import { PRODUCTS, SIZE } from "./shared.ts";

function make(transposeA: boolean, transposeB: boolean): Run {
  const [a, b] = ["products.a", "products.b"].map((name) =>
    tf.tensor2d(numbers(name, [SIZE, SIZE]), [SIZE, SIZE]),
  ) as [tf.Tensor2D, tf.Tensor2D];
  return {
    check: () => [tf.tidy(() => tf.sum(tf.abs(tf.matMul(a, b, transposeA, transposeB))).dataSync()[0]!)],
    step: () => tf.matMul(a, b, transposeA, transposeB).dispose(),
  };
}

export const runs: Runs = Object.fromEntries(
  Object.entries(PRODUCTS).map(([name, [ta, tb]]) => [name, () => make(ta, tb)]),
);
