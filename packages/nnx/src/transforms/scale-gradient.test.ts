import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import * as nnx from "../index.ts";

const numbers = (t: tf.Tensor): number[] => [...t.dataSync()];
const cubes = (scale: number | tf.Tensor) => (x: tf.Tensor) =>
  tf.sum(tf.pow(nnx.scaleGradient(x, scale), 3)) as tf.Tensor;

describe("scaleGradient", () => {
  it.each([
    // optax.scale_gradient in jax.grad of sum(x ** 3) at [1, 2].
    [-0.5, [-1.5, -6]],
    [0, [0, 0]],
    [1, [3, 12]],
    [2, [6, 24]],
  ])("%s times the gradient, the value as it is", (scale, expected) => {
    const x = tf.tensor1d([1, 2]);
    expect(numbers(nnx.scaleGradient(x, scale))).toEqual([1, 2]);
    expect(numbers(nnx.grad(cubes(scale))(x))).toEqual(expected);
    expect(numbers(nnx.grad(cubes(tf.scalar(scale)))(x))).toEqual(expected);
  });

  it("scales each gradient of a gradient", () => {
    // jax.grad(jax.grad(...)) of the same: the scale once for each pass back.
    const slope = (x: tf.Tensor) => tf.sum(nnx.grad(cubes(0.5))(x)) as tf.Tensor;
    const [at1, at2] = numbers(nnx.grad(slope)(tf.tensor1d([1, 2]))) as [number, number];
    expect([at1, at2]).toEqual([1.5, 3]);
  });

  it("takes tensors in any structure, and leaves other values as they are", () => {
    const f = ({ a, b: [b], name }: { a: tf.Tensor; b: [tf.Tensor]; name: string }) =>
      tf.mul(tf.sum(tf.mul(a, b)), name.length) as tf.Tensor;
    const g = nnx.grad((a: tf.Tensor) => f(nnx.scaleGradient({ a, b: [a], name: "xyz" }, -1)));
    expect(numbers(g(tf.tensor1d([1, 2])))).toEqual([-6, -12]);
  });

  it("follows a scale that is a tensor through jit, vmap and a model", () => {
    const model = new nnx.Linear(2, 2, { rngs: new nnx.Rngs(0) });
    const x = tf.ones([3, 2]);
    const lossOf = (m: nnx.Linear, scale: tf.Tensor) =>
      tf.sum(nnx.scaleGradient(m.forward(x), scale)) as tf.Tensor;
    using step = nnx.jit((m: nnx.Linear, scale: tf.Tensor) => {
      const grads = nnx.grad(lossOf)(m, scale);
      return (grads.bias as nnx.VariableState<tf.Tensor>).value;
    });
    for (const scale of [1, -2, 0, 0.5]) {
      expect(numbers(step(model, tf.scalar(scale)))).toEqual([3 * scale, 3 * scale]);
    }
    expect(step.programs.length).toBe(1);
    const each = nnx.vmap((a: tf.Tensor, scale: tf.Tensor) => nnx.grad(cubes(scale))(a), {
      inAxes: [null, 0],
    });
    expect(numbers(each(tf.tensor1d([1, 2]), tf.tensor1d([1, -1])))).toEqual([3, 12, -3, -12]);
  });

  it("leaves nothing behind", () => {
    const x = tf.tensor1d([1, 2]);
    const scale = tf.scalar(0.5);
    const before = tf.memory().numTensors;
    nnx.grad(cubes(scale))(x).dispose();
    nnx.scaleGradient(x, 3).dispose();
    expect(tf.memory().numTensors).toBe(before);
    expect(numbers(scale)).toEqual([0.5]);
  });

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], ["1" as unknown as number], [tf.ones([2])]])(
    "refuses %s",
    (scale) => {
      expect(() => nnx.scaleGradient(tf.scalar(1), scale)).toThrow(
        /scaleGradient: expected scale to be a finite number or a scalar, got/,
      );
    },
  );
});
