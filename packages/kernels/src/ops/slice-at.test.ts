import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { sliceAt, slicesAfterFirst } from "./slice-at.ts";

const wholes: readonly (readonly [what: string, make: () => tf.Tensor])[] = [
  ["floats", () => tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2])],
  ["integers", () => tf.tensor2d([1, -2, 3, -4], [4, 1], "int32")],
  ["flags", () => tf.tensor2d([true, false, true, true, false, false], [2, 3], "bool")],
  ["many elements", () => tf.reshape(tf.range(0, 3 * 70), [3, 7, 10])],
  ["scalars", () => tf.tensor1d([1, 2, 3])],
  ["no elements", () => tf.zeros([3, 0])],
  ["one slice", () => tf.ones([1, 4])],
  ["strings", () => tf.tensor1d(["a", "b"])],
];

const seen = (slice: tf.Tensor): unknown => [slice.shape, slice.dtype, [...slice.dataSync()]];

onEachBackend("slices along the first axis", () => {
  it.each(wholes)("are those that are cut one by one: %s", (_, make) => {
    const { numTensors } = tf.memory();
    tf.tidy(() => {
      const whole = make();
      const made = slicesAfterFirst(whole);
      const others = Array.from({ length: made.length }, (_each, i) => seen(sliceAt(whole, 0, i + 1)));
      expect(made).toHaveLength(whole.shape[0]! - 1);
      // They share no memory with it.
      whole.dispose();
      tf.fill(whole.shape, 9);
      expect(made.map(seen)).toEqual(others);
    });
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
