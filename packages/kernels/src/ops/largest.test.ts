import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { largestOf } from "./largest.ts";

onEachBackend("largestOf", () => {
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  it.each([
    [[1, 3, nan, 3, -inf], 5, [2, 1, 3, 0, 4]],
    [[-inf, -inf, -inf], 2, [0, 1]],
    [[inf, nan, inf, nan], 4, [1, 3, 0, 2]],
    [[-3.4e38, -inf, 5], 3, [2, 0, 1]],
    [[7], 1, [0]],
  ])("of %j, %i", (row, count, wanted) => {
    const before = tf.memory().numTensors;
    const x = tf.tensor2d([...row, ...row.map((_, i) => i)], [2, row.length]);
    const found = largestOf(x, count);
    expect([found.dtype, found.shape]).toEqual(["int32", [2, count]]);
    const second = wanted.map((_, i) => row.length - 1 - i);
    expect([...found.dataSync()]).toEqual([...wanted, ...second]);
    tf.dispose([x, found]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
