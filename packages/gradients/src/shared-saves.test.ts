import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, expect, it } from "vitest";
import { onEachBackend } from "../../../scripts/use-backend.ts";
import { installGradients } from "./install.ts";

onEachBackend("what a rule saves", () => {
  beforeEach(() => installGradients());

  it("outlives the tensors that the function frees, in gradients of gradients too", () => {
    const before = tf.memory().numTensors;
    /** x⁴, by products of tensors that are freed at once. */
    const fourth = (x: tf.Tensor): tf.Tensor => {
      const square = tf.mul(x, x);
      const result = tf.mul(square, square);
      square.dispose();
      return result;
    };
    const slope = tf.grad(fourth);
    tf.tidy(() => {
      const x = tf.tensor1d([1, 2, -3]);
      expect([...slope(x).dataSync()]).toEqual([4, 32, -108]);
      expect([...tf.grad(slope)(x).dataSync()]).toEqual([12, 48, 108]);
      expect([...tf.grad(tf.grad(slope))(x).dataSync()]).toEqual([24, 48, -72]);
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  it("takes no kernel and no entry on the tape", async () => {
    const x = tf.tensor1d([1, 2]);
    const { kernelNames } = await tf.profile(() => tf.tidy(() => tf.grad((y) => tf.mul(y, tf.tanh(y)))(x)));
    expect(kernelNames).not.toContain("Identity");
    x.dispose();
  });

  it("takes none of an einsum, whose second gradient is right", async () => {
    const before = tf.memory().numTensors;
    const [x, y] = [tf.tensor2d([[1, 2]]), tf.tensor2d([[3, -1]])];
    const square = (a: tf.Tensor): tf.Tensor => tf.square(tf.einsum("ij,kj->ik", a, y));
    const slope = tf.grad(square);
    const { kernelNames, result } = await tf.profile(() => tf.tidy(() => slope(x)));
    expect(kernelNames).not.toContain("Identity");
    tf.dispose(result as tf.Tensor);
    tf.tidy(() => {
      // (3a - b)², at a = 1 and b = 2.
      expect([...slope(x).dataSync()]).toEqual([6, -2]);
      expect([
        ...tf
          .grad((a: tf.Tensor) => tf.sum(slope(a)))(x)
          .dataSync(),
      ]).toEqual([12, -4]);
    });
    tf.dispose([x, y]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
