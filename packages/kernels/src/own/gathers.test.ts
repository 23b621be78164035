import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, describe, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels } from "../mend-kernels.ts";

const ints = (values: number[], shape: number[]): tf.Tensor => tf.tensor(values, shape, "int32");
/** A list with another element at one place. */
const put = (list: readonly number[], at: number, value: number): number[] =>
  list.map((each, i) => (i === at ? value : each));
const values = (x: tf.Tensor): number[] => [...x.dataSync()];

onEachBackend("reading and writing by index", () => {
  beforeEach(() => mendKernels());

  describe.each(["float32", "int32", "bool"] as const)("of %s", (dtype) => {
    const table = (size: number): number[] =>
      Array.from({ length: size }, (_, i) => (dtype === "bool" ? (i * 7 + (i >> 2)) % 2 : i));

    it("gathers along any axis, by batch and by one number", () => {
      const numbers = table(2 * 5 * 3 * 40);
      const x = tf.tensor(numbers, [2, 5, 3, 40], dtype);
      const at = (a: number, b: number, c: number, d: number): number =>
        numbers[((a * 5 + b) * 3 + c) * 40 + d]!;
      for (let axis = 0; axis < 4; axis++) {
        const y = tf.gather(x, ints([1, 0, 1], [3]), axis);
        expect([y.dtype, y.shape[axis]]).toEqual([dtype, 3]);
        const parts = [1, 0, 1].map((i) => tf.slice(x, put([0, 0, 0, 0], axis, i), put(x.shape, axis, 1)));
        expect(values(y)).toEqual(values(tf.concat(parts, axis)));
      }
      const batched = tf.gather(x, ints([4, 0, 2, 2], [2, 2]), 1, 1);
      expect(batched.shape).toEqual([2, 2, 3, 40]);
      expect(batched.arraySync()).toEqual(
        [
          [4, 0],
          [2, 2],
        ].map((ids, a) =>
          ids.map((b) => [0, 1, 2].map((c) => Array.from({ length: 40 }, (_, d) => at(a, b, c, d)))),
        ),
      );
      expect(tf.gather(x, ints([1], [])).shape).toEqual([5, 3, 40]);
      expect(tf.gather(x, ints([], [0])).shape).toEqual([0, 5, 3, 40]);
      expect(() => tf.gather(x, ints([-1], [1]))).toThrow("index value -1 is not in [0, 1]");
    });

    it("gathers by places", () => {
      const numbers = table(24);
      const x = tf.tensor(numbers, [2, 3, 4], dtype);
      const y = tf.gatherND(x, ints([1, 2, 0, 1], [2, 2]));
      expect([y.shape, y.dtype]).toEqual([[2, 4], dtype]);
      expect(values(y)).toEqual([...numbers.slice(20, 24), ...numbers.slice(4, 8)]);
      expect(values(tf.gatherND(x, ints([1, 2, 3], [1, 3])))).toEqual([numbers[23]]);
      expect(() => tf.gatherND(x, ints([0, 3], [1, 2]))).toThrow(
        "Invalid indices: 0,3 does not index into 2,3,4",
      );
    });

    it("has one at each id", () => {
      const y = tf.oneHot(ints([2, -1, 0, 9], [2, 2]), 3, 1, 0, dtype);
      expect([y.shape, y.dtype]).toEqual([[2, 2, 3], dtype]);
      expect(values(y)).toEqual([0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
      const other = tf.oneHot(ints([1], [1]), 2, 5, 7, "float32");
      expect(values(other)).toEqual([7, 5]);
    });
  });

  it("scatters numbers to rows and places, and adds where they meet", () => {
    const rows = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    expect(values(tf.scatterND(ints([3, 1, 3], [3, 1]), rows, [4, 2]))).toEqual([0, 0, 3, 4, 0, 0, 6, 8]);
    const whole = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2], "int32");
    const sums = tf.scatterND(ints([3, 1, 3], [3, 1]), whole, [4, 2]);
    expect([values(sums), sums.dtype]).toEqual([[0, 0, 3, 4, 0, 0, 6, 8], "int32"]);
    const places = ints([0, 1, 1, 0, 0, 1], [3, 2]);
    expect(values(tf.scatterND(places, tf.tensor1d([1, 2, 4]), [2, 2]))).toEqual([0, 5, 2, 0]);
    expect(() => tf.scatterND(ints([4], [1, 1]), tf.ones([1, 2]), [4, 2])).toThrow("Invalid indices: 4 does");
    expect(() => tf.scatterND(ints([-1], [1, 1]), tf.ones([1, 2]), [4, 2])).toThrow(
      "Invalid indices: -1 does",
    );
  });

  it("sums segments, and leaves out what has none", () => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]);
    expect(values(tf.unsortedSegmentSum(x, ints([1, -1, 1, 5], [4]) as tf.Tensor1D, 3))).toEqual([
      0, 0, 6, 8, 0, 0,
    ]);
    const whole = tf.cast(x, "int32");
    const sums = tf.unsortedSegmentSum(whole, ints([0, 0, 0, 0], [4]) as tf.Tensor1D, 1);
    expect([values(sums), sums.dtype]).toEqual([[16, 20], "int32"]);
  });
});
