import { dispose, grad } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { random } from "../index.ts";
import { drop } from "./drop.ts";

const key = random.key(3);
const numbers = (x: tf.Tensor): number[] => [...x.dataSync()];
/** The same computation with ordinary ops, and JAX's rounding of the scale. */
const plain = (x: tf.Tensor, rate: number): tf.Tensor =>
  tf.where(
    random.bernoulli(key, 1 - rate, x.shape),
    tf.mul(x, Math.fround(1 / Math.fround(1 - rate))),
    tf.zerosLike(x),
  );

onEachBackend("drop", (backend) => {
  it.each([[[7]], [[64, 33]], [[3, 50, 41]], [[0, 4]], [[]]])(
    "is mask and scale in one pass, for shape %j",
    (shape) => {
      const x = random.normal(random.key(1), shape);
      expect(numbers(drop(x, key, 0.25))).toEqual(numbers(plain(x, 0.25)));
    },
  );

  it("has the same mask on what comes back, to every order", () => {
    const x = random.normal(random.key(1), [40, 5]);
    const mask = numbers(plain(tf.onesLike(x), 0.4));
    const f = (a: tf.Tensor) => tf.sum(tf.square(drop(a, key, 0.4))) as tf.Tensor;
    const first = grad(f)(x);
    const values = numbers(x);
    for (const [i, g] of numbers(first).entries()) expect(g).toBeCloseTo(2 * values[i]! * mask[i]! ** 2, 4);
    const second = grad((a: tf.Tensor) => tf.sum(grad(f)(a)) as tf.Tensor)(x);
    for (const [i, g] of numbers(second).entries()) expect(g).toBeCloseTo(2 * mask[i]! ** 2, 4);
  });

  it("puts 0 for what is dropped even where it is NaN", () => {
    const found = numbers(drop(tf.fill([100], Number.NaN), key, 0.5));
    const mask = numbers(random.bernoulli(key, 0.5, [100]));
    expect(found.map(Number.isNaN)).toEqual(mask.map((kept) => kept === 1));
  });

  it("shares a mask along axes, and takes another scale", () => {
    const found = drop(tf.ones([3, 8]), key, 0.5, { maskShape: [1, 8], scale: 1 });
    const mask = numbers(random.bernoulli(key, 0.5, [1, 8]));
    expect(numbers(found)).toEqual([...mask, ...mask, ...mask]);
  });

  it("leaves its input alone and only its result behind", () => {
    const x = tf.ones([100]);
    const before = tf.memory().numTensors;
    const y = drop(x, key, 0.5);
    expect(tf.memory().numTensors).toBe(before + 1);
    expect(numbers(x)).toEqual(new Array(100).fill(1));
    dispose(y);
    const g = grad((a: tf.Tensor) => tf.sum(drop(a, key, 0.5)) as tf.Tensor)(x);
    dispose(g);
    expect(tf.memory().numTensors).toBe(before);
    expect(tf.getBackend()).toBe(backend);
  });
});

describe("the masks of both backends", () => {
  it("are the same because both are JAX's", () => {
    // jax.random.bernoulli(jax.random.key(3), 0.5, (8,)) of JAX 0.10.2.
    expect(numbers(random.bernoulli(key, 0.5, [8]))).toEqual([1, 0, 0, 0, 1, 0, 1, 1]);
  });
});
