/** @file What a tape saves is shared in recorded functions, too: gradients are the same to the bit. */
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import * as nnx from "../index.ts";

type Op = (x: tf.Tensor) => tf.Tensor;

/** Sums of functions whose rules save inputs and outputs. */
const fixed = tf.tensor1d([0.5, -2, 3]);
const functions: Readonly<Record<string, Op>> = {
  "inputs and outputs": (x) => tf.sum(tf.mul(tf.exp(x), tf.tanh(x))),
  "a tensor from outside": (x) => tf.sum(tf.square(tf.mul(x, fixed))),
  "what the function frees": (x) => {
    const square = tf.square(x);
    const result = tf.sum(tf.mul(square, square));
    square.dispose();
    return result;
  },
  "a kernel that throws": (x) => {
    expect(() => tf.matMul(tf.exp(x) as tf.Tensor2D, x as tf.Tensor2D)).toThrow();
    return tf.sum(tf.sigmoid(x));
  },
  products: (x) =>
    tf.sum(tf.softmax(tf.matMul(tf.outerProduct(x as tf.Tensor1D, x as tf.Tensor1D), tf.ones([3, 2])))),
};

onEachBackend("recorded gradients", () => {
  it.each(Object.entries(functions))("of %s", (_name, f) => {
    const slope: Op = (x) => nnx.grad(f)(x) as tf.Tensor;
    const curve: Op = (x) => nnx.grad((y: tf.Tensor) => tf.sum(slope(y)))(x) as tf.Tensor;
    for (const plain of [slope, curve]) {
      const recorded = nnx.jit((x: tf.Tensor) => nnx.tidy(() => plain(x)));
      const calls = [0, 1, 2].map((seed) => {
        const x = nnx.random.normal(nnx.random.key(seed), [3]);
        const [a, b] = [nnx.tidy(() => plain(x)), recorded(x)];
        const found = [[...b.dataSync()], [...a.dataSync()]] as const;
        const { numTensors } = tf.memory();
        nnx.dispose([x, a, b]);
        return { found, left: numTensors - 3 };
      });
      for (const { found } of calls) expect(found[0]).toEqual(found[1]);
      // The first replay drops constants.
      expect(calls[2]?.left).toBe(calls[1]?.left);
      recorded.dispose();
    }
  });

  it("take no kernel for what is saved", () => {
    const x = tf.tensor1d([1, 2, 3]);
    const text = nnx.printProgram((y: tf.Tensor) => nnx.grad((z: tf.Tensor) => tf.sum(tf.exp(z)))(y))(x);
    expect(text).toMatch(/Exp/);
    expect(text).not.toMatch(/Identity/);
    x.dispose();
  });
});
