import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { random } from "../index.ts";

const skewed = [
  [2, 1],
  [0, 1],
];

/** The covariance of many samples. */
function covarianceOf(method: "eigh" | "svd" | "cholesky", n: number): number[][] {
  const x = random.multivariateNormal(random.key(5), [0, 0], tf.tensor2d(skewed), [n], { method });
  return tf.div(tf.matMul(x, x, true), n).arraySync() as number[][];
}

// jax.numpy.linalg.eigh and cholesky take (cov + cov.T) / 2. With svd, samples have the covariance
// u s uᵀ. For [[2, 1], [0, 1]], numpy gives: u, s, _ = svd(cov); u * s @ u.T = [[2.2135943,
// 0.3162277], [0.3162277, 0.9486833]]
const expected = {
  cholesky: [2, 0.5, 0.5, 1],
  eigh: [2, 0.5, 0.5, 1],
  svd: [2.2135943, 0.3162277, 0.3162277, 0.9486833],
} as const;

it.each(["cholesky", "eigh", "svd"] as const)(
  "%s reads a covariance that is not symmetric as JAX does",
  (method) => {
    covarianceOf(method, 200_000)
      .flat()
      .forEach((value, i) => {
        expect(Math.abs(value - expected[method][i]!)).toBeLessThan(0.03);
      });
  },
);
