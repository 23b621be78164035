import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { installGradients } from "./install.ts";

/** The softmax cross entropy of a two-layer network, written with ops. */
function loss(
  x: tf.Tensor2D,
  labels: tf.Tensor1D,
  w: tf.Tensor2D,
  b: tf.Tensor1D,
  out: tf.Tensor2D,
): tf.Scalar {
  const hidden = tf.relu(tf.add(tf.matMul(x, w), b));
  const logits = tf.logSoftmax(tf.matMul(hidden, out));
  return tf.neg(tf.mean(tf.sum(tf.mul(logits, tf.oneHot(tf.cast(labels, "int32"), 3)), 1)));
}

describe("an MLP training step", () => {
  beforeAll(async () => {
    await tf.setBackend("cpu");
    installGradients();
  });

  it("has the gradient that central differences give, and leaves no tensor behind", () => {
    const x = tf.tensor2d([0.3, -0.7, 1.1, 0.4, 0.9, -0.2, -1.3, 0.8], [4, 2]);
    const labels = tf.tensor1d([0, 2, 1, 2]);
    const start = [
      tf.tensor2d([0.5, -0.4, 0.3, 0.8, -0.6, 0.2], [2, 3]),
      tf.tensor1d([0.33, -0.12, 0.2]),
      tf.tensor2d([0.7, -0.3, 0.2, -0.5, 0.6, 0.4, 0.1, -0.9, 0.3], [3, 3]),
    ];
    const f = (...p: tf.Tensor[]) =>
      loss(x, labels, p[0] as tf.Tensor2D, p[1] as tf.Tensor1D, p[2] as tf.Tensor2D);
    const before = tf.memory().numTensors;
    const gradients = tf.grads(f)(start);
    expect(tf.memory().numTensors).toBe(before + 3);
    const step = 1e-2;
    start.forEach((parameter, at) => {
      const values = parameter.dataSync();
      const slopes = gradients[at]!.dataSync();
      for (let i = 0; i < values.length; i++) {
        const moved = (by: number) =>
          tf.tidy(() => {
            const changed = Float32Array.from(values);
            changed[i]! += by;
            const args = start.map((p, j) => (j === at ? tf.tensor(changed, p.shape) : p));
            return f(...args).dataSync()[0]!;
          });
        expect(slopes[i]).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 3);
      }
    });
    tf.dispose([x, labels, ...start, ...gradients]);
  });
});
