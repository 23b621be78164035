import { geluErf, geluTanh, silu, slopes } from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, expect, it } from "vitest";
import { onEachBackend } from "../../../scripts/use-backend.ts";
import { installGradients } from "./install.ts";

const ops = { silu, gelu: geluTanh, geluErf };
const xs = [-3, -0.5, 0, 0.25, 2, 90, -90];
const counted = (): number[] => [tf.memory().numTensors, tf.backend().numDataIds()];
const near = (found: tf.Tensor, wanted: tf.Tensor): void => {
  const [a, b] = [found.dataSync(), wanted.dataSync()];
  for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i]!, 5);
};

onEachBackend("activations that save their slopes", () => {
  beforeEach(() => installGradients());

  it.each(Object.keys(ops) as (keyof typeof ops)[])("%s has a first and a second gradient", (name) => {
    const f = (x: tf.Tensor): tf.Tensor => tf.sum(ops[name](x));
    const x = tf.tensor1d(xs);
    tf.tidy(() => {
      const byKernel = (at: tf.Tensor): tf.Tensor => slopes[name].run({ dy: tf.onesLike(at), x: at });
      near(tf.grad(f)(x), byKernel(x));
      const second = tf.grad((at) => tf.sum(tf.grad(f)(at)));
      near(second(x), tf.grad((at) => tf.sum(byKernel(at)))(x));
    });
    const before = counted();
    for (let i = 0; i < 3; i++) tf.grad(f)(x).dispose();
    for (let i = 0; i < 3; i++) ops[name](x).dispose();
    expect(counted()).toEqual(before);
    x.dispose();
  });

  it("are what they are without a tape", () => {
    const x = tf.tensor1d(xs);
    for (const op of Object.values(ops)) {
      const { value, grad } = tf.valueAndGrad((at: tf.Tensor) => tf.sum(op(at)))(x);
      near(value, tf.sum(op(x)));
      expect(grad.shape).toEqual(x.shape);
    }
  });
});
