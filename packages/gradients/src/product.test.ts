import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../scripts/use-backend.ts";
import { vjp } from "../cases/golden.ts";
import { installGradients } from "./install.ts";

const values = (x: tf.Tensor): number[] => [...x.dataSync()];

onEachBackend("rules of products", () => {
  it("have the gradients of an outer product and of a matrix product of one vector", () => {
    installGradients();
    // The vector is a row in one product and a column in the other, and so it is in the backward
    // pass.
    const k = tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3]);
    const f = (x: tf.Tensor, g: tf.Tensor): tf.Tensor =>
      tf.add(
        tf.sum(tf.mul(tf.outerProduct(x as tf.Tensor1D, g as tf.Tensor1D), k)),
        tf.sum(tf.matMul(k, tf.reshape(g, [3, 1]) as tf.Tensor2D)),
      );
    const [x, g] = [tf.tensor1d([1, -1, 2]), tf.tensor1d([0.5, 2, -1])];
    const [ofX, ofG] = vjp((...xs) => f(xs[0]!, xs[1]!), [x, g], tf.scalar(1));
    // k @ g, and k.T @ x + the sums of k's columns.
    expect(values(ofX!)).toEqual([1.5, 6, 10.5]);
    expect(values(ofG!)).toEqual([11 + 12, 13 + 15, 15 + 18]);
  });
});
