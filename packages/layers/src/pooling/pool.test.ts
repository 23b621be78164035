import { grad } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { type GoldenArray, relativeError } from "../../../../scripts/golden.ts";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { expectOutput, goldenCase, goldenTensor } from "../../test/golden.ts";
import { avgPool, maxPool, minPool, pool } from "../index.ts";

const golden = goldenCase<Record<string, GoldenArray>>("pooling");
const values = (x: tf.Tensor): number[] => [...x.dataSync()];

onEachBackend("pools", () => {
  it("equal Flax's", () => {
    const x = goldenTensor(golden.x!);
    expectOutput(maxPool(x, [2, 2]), golden.max2!);
    expectOutput(maxPool(x, [2, 2], { strides: [2, 2] }), golden.max2s2!);
    expectOutput(avgPool(x, [3, 3], { padding: "SAME" }), golden.avg3same!);
    expectOutput(avgPool(x, [3, 3], { padding: "SAME", countIncludePad: false }), golden.avg3same_nocount!);
    expectOutput(minPool(x, [2, 2]), golden.min2!);
  });

  it("take the maximum of windows in which nothing is above 0, over three axes too", () => {
    const cube = tf.tensor5d([-3, -1.5, -7, -2, -9, -4, -8, -2.5], [1, 2, 2, 2, 1]);
    expect(values(maxPool(cube, [2, 2, 2]))).toEqual([-1.5]);
    expect(values(maxPool(cube, [1, 2, 2]))).toEqual([-1.5, -2.5]);
    expect(values(grad((x: tf.Tensor5D) => tf.sum(maxPool(x, [2, 2, 2])) as tf.Tensor)(cube))).toEqual([
      0, 1, 0, 0, 0, 0, 0, 0,
    ]);
  });

  it("work over one and three axes, with any number of batch axes", () => {
    const row = tf.tensor3d([3, -1, -4, -1, -5, -9], [1, 6, 1]);
    expect(values(maxPool(row, [2], { strides: [2] }))).toEqual([3, -1, -5]);
    expect(values(minPool(row, [3], { padding: [[1, 1]] }))).toEqual([-1, -4, -4, -5, -9, -9]);
    expect(values(maxPool(row, [3], { padding: [[1, 1]] }))).toEqual([3, 3, -1, -1, -1, -5]);
    expect(values(pool(row, "add", [2]))).toEqual([2, -5, -5, -6, -14]);
    expect(maxPool(tf.reshape(row, [6, 1]), [2]).shape).toEqual([5, 1]);
    const cube = tf.reshape(tf.range(0, 27), [1, 1, 3, 3, 3, 1]);
    expect(values(maxPool(cube, [2, 2, 2]))).toEqual([13, 14, 16, 17, 22, 23, 25, 26]);
    expect(values(avgPool(cube, [3, 3, 3]))).toEqual([13]);
    expect(avgPool(cube, [2, 2, 2]).shape).toEqual([1, 1, 2, 2, 2, 1]);
    expect(
      values(avgPool(tf.ones([2, 2, 2, 1]), [2, 2], { padding: "SAME", countIncludePad: false })),
    ).toEqual(Array(8).fill(1));
  });

  it("have gradients, where all is negative too", () => {
    const x = tf.tensor4d([-3, -1, -4, -2, -5, -9, -7, -6, -8], [1, 3, 3, 1]);
    const slope = (f: (v: tf.Tensor) => tf.Tensor) =>
      values(grad((v: tf.Tensor) => tf.sum(tf.mul(f(v), tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]))))(x));
    expect(slope((v) => maxPool(v, [2, 2]))).toEqual(maxima);
    const mean = slope((v) => avgPool(v, [2, 2]));
    expect(
      relativeError(
        mean,
        [1, 3, 2, 4, 10, 6, 3, 7, 4].map((v) => v / 4),
      ),
    ).toBeLessThan(1e-6);
    expect(slope((v) => minPool(v, [2, 2])).reduce((s, v) => s + v, 0)).toBe(10);
    const three = grad((v: tf.Tensor) => tf.sum(maxPool(v, [2, 2, 2])))(
      tf.reshape(tf.range(-27, 0), [1, 3, 3, 3, 1]),
    );
    expect(values(three).reduce((s, v) => s + v, 0)).toBe(8);
  });
});

/** The maxima of the windows are -1, -1, -2 and -5, with weights 1 to 4. */
const maxima = [0, 3, 0, 3, 4, 0, 0, 0, 0];

describe("pools", () => {
  it.each([
    [
      "a window that does not fit",
      () => maxPool(tf.ones([1, 2, 2, 1]), [3, 3]),
      /maxPool: expected a window of shape \[3, 3\] to fit.*got a float32\[1,2,2,1\]/,
    ],
    [
      "other strides",
      () => avgPool(tf.ones([1, 4, 4, 1]), [2, 2], { strides: [2] }),
      /as many strides, got \[2, 2\] and \[2\]/,
    ],
    ["too few axes", () => minPool(tf.ones([4, 1]), [2, 2]), /with 2 spatial axes, got a float32\[4,1\]/],
    [
      "padding that is none",
      () => maxPool(tf.ones([1, 4, 1]), [2], { padding: "CIRCULAR" as "SAME" }),
      /padding "SAME", "VALID" or pairs, got "CIRCULAR"/,
    ],
    ["no window", () => pool(tf.ones([4, 1]), "max", []), /windowShape of 1 to 3 axes/],
  ])("refuse %s", (_name, run, message) => {
    expect(run).toThrow(message);
  });
});
